"""Prices on this machine, where pieces are timed, and on phones, where the latency database knows their kernels."""

import json
from random import Random

import pytest

from exporter.bench.timing.timekeeper import Times
from exporter.bench.timing.turns import Samples
from exporter.errors import LatencyError
from exporter.graphs.cut import every_frame
from exporter.latency.workloads import cut_for, unit_of, with_facts
from exporter.models.registry import model_info
from exporter.slim.budget import Budget
from exporter.slim.methods import policy_of
from exporter.slim.prices.host import KEPT, PARENT, Host, host_table, undisturbed
from exporter.slim.prices.phone import phone_table
from exporter.slim.prices.tables import Tables
from exporter.slim.search.history import History
from exporter.slim.search.limits import load
from exporter.slim.search.loop import slim
from latency_db.estimator.estimator import estimate
from latency_db.measurement import Conditions
from tests.exporter.slim.small import SIZE, V1, V2

V2_MODEL = "efficientformerv2_s0"


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    return Host(V2, "onnx", 1, tmp_path_factory.mktemp("prices"))


@pytest.fixture(scope="module")
def table(host):
    return host_table(host)


def test_the_pieces_of_the_parent_are_measured_and_it_takes_what_it_was_measured_to_take(host, table):
    known = json.loads((host.folder / KEPT).read_text())
    assert table.ms(V2.parent) == pytest.approx(known[PARENT])
    assert {price.how for price in table.known.values()} == {"measured", "interpolated"}
    assert set(table.known) == set(V2.pieces(V2.parent))
    assert all(price.ms > 0 for price in table.known.values())


def test_what_was_measured_is_not_measured_again(host, table):
    written = (host.folder / KEPT).stat().st_mtime_ns
    assert host_table(host).ms(V2.parent) == table.ms(V2.parent)
    assert (host.folder / KEPT).stat().st_mtime_ns == written


def test_whole_networks_are_timed(host):
    """The smallest has a twentieth of the parent's work."""
    parent, smallest = host.whole([V2.parent, V2.smallest])
    assert 0 < smallest < parent


def test_what_a_network_takes_is_what_it_takes_undisturbed():
    """More than half of the runs waited for other work."""
    times = Times(Samples((3.0, 3.1, 3.2, 3.3, 3.4, *[30.0] * 12), 1), None)
    assert 3.0 < undisturbed(times, "a network") < 3.4


def test_what_cannot_be_timed_is_said():
    with pytest.raises(LatencyError, match="a network cannot be timed here: no kernel"):
        undisturbed(Times(None, None, error="no kernel"), "a network")


def conditions(runtime):
    return Conditions(runtime, None, None)


@pytest.mark.parametrize(
    ("space", "model"),
    [(V1, "efficientformer_l1"), (V2, "efficientformerv2_s0")],
    ids=["efficientformer", "efficientformerv2"],
)
def test_a_phones_pieces_add_up_to_what_the_database_says_of_the_parent(space, model):
    """Of the model by its name, too, of whose family other models are known."""
    info, stated = model_info(model), conditions("coreml")
    table = phone_table(space, info, "iphone12", stated)
    parent = space.build(space.parent).eval()
    cuts = {graph.name: cut_for(graph, "coreml", unit_of(stated)) for graph in every_frame(parent)}
    whole = estimate(with_facts(cuts, info, SIZE), "iphone12", stated)
    assert table.ms(space.parent) == pytest.approx(whole.ms)
    assert (table.low, table.high) == pytest.approx((whole.low / whole.ms, whole.high / whole.ms))
    assert table.ms(space.smallest) < table.ms(space.narrowed(0.5)) < table.ms(space.parent)


def test_two_phones_price_the_same_architectures_otherwise():
    tables = [
        phone_table(V2, model_info(V2_MODEL), *asked)
        for asked in (("iphone12", conditions("coreml")), ("pixel4", conditions("tflite")))
    ]
    drawn = [V2.drawn(Random(seed)) for seed in range(6)]
    shares = [[table.ms(one) / table.ms(V2.parent) for one in drawn] for table in tables]
    assert shares[0] != pytest.approx(shares[1], rel=0.05)


def test_for_one_budget_two_phones_get_architectures_that_are_better_each_on_its_own(tmp_path):
    """By their tables; what an architecture is worth is a formula, in which every knob has its own share."""

    def worth(architecture):
        config = architecture.config
        widths = sum(width**0.5 for width in config.widths)
        blocks = sum(1 + 0.3 * expansion**0.5 for stage in config.expansions for expansion in stage)
        return (widths + blocks + 1.5 * sum(config.attention_blocks)) / 100

    phones = ("iphone12", conditions("coreml")), ("pixel4", conditions("tflite"))
    limits, found = [], []
    for phone, asked in phones:
        tables = Tables(V2, (phone_table(V2, model_info(V2_MODEL), phone, asked),))
        limits.append(tables.limits([Budget.of("0.6x")]))
        policy = policy_of("efficiency", None, tables)
        found.append(slim(V2, V2.parent, policy, worth, limits[-1], History(tmp_path / phone)).end)
    assert found[0] != found[1]
    for own, limit in zip(found, limits, strict=True):
        [other] = [one for one in found if one != own]
        assert load(limit, own) <= 1
        assert load(limit, other) > 1 or worth(other) < worth(own)
