"""What a user may allow, and what it limits."""

import pytest

from exporter.errors import BudgetError
from exporter.graphs.cut import graphs_of
from exporter.operations.macs import macs
from exporter.operations.of_program import operations
from exporter.slim.budget import Budget, limits_of
from exporter.slim.prices.table import Price, Table
from exporter.slim.search.limits import load
from exporter.slim.sizes import Sizes
from tests.exporter.slim.small import SPACES, V2, walk


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("1.6ms", "ms", 1.6),
        ("0.02s", "ms", 20),
        ("30fps", "ms", 1000 / 30),
        ("0.5x", "share", 0.5),
        ("2.5MB", "bytes", 2.5e6),
        ("800 kB", "bytes", 8e5),
        ("3M", "parameters", 3e6),
        ("0.2GMACs", "macs", 2e8),
    ],
)
def test_budgets_in_every_unit(text, kind, amount):
    budget = Budget.of(text)
    assert (budget.kind, budget.amount) == (kind, pytest.approx(amount))


@pytest.mark.parametrize("text", ["", "fast", "1.6", "-1ms", "0ms", "1.5x", "1x", "3 apples", "nanms", "1e400ms"])
def test_what_is_no_budget_is_refused_with_examples(text):
    with pytest.raises(BudgetError, match=r"is no budget: pass a time such as 1\.6ms"):
        Budget.of(text)


class Weights:
    """Each number of a piece costs a microsecond."""

    def __init__(self, factor=1.0):
        self.factor, self.asked = factor, 0

    def of(self, pieces):
        self.asked += 1
        return {piece: Price(self.factor * sum(piece.numbers) / 1e3, "estimated") for piece in pieces}


def table(device="here", factor=1.0):
    return Table(V2, device, "onnx", Weights(factor), 1.0, 0.5, 2.0, "made up")


def test_a_share_is_of_what_the_parent_takes():
    prices = table()
    [limit] = limits_of([Budget.of("0.5x")], [prices], V2, Sizes(V2))
    assert limit.most == pytest.approx(0.5 * prices.ms(V2.parent))
    assert load([limit], V2.parent) == pytest.approx(2)


def test_a_time_holds_on_each_device_and_the_slowest_counts():
    limits = limits_of([Budget.of("1ms")], [table("here"), table("there", 3.0)], V2, Sizes(V2))
    assert [limit.what for limit in limits] == ["ms on here (onnx)", "ms on there (onnx)"]
    assert load(limits, V2.parent) == pytest.approx(limits[1].of(V2.parent))


def test_an_architecture_takes_the_sum_of_its_pieces():
    prices = table()
    assert prices.ms(V2.parent) == pytest.approx(sum(sum(piece.numbers) for piece in V2.pieces(V2.parent)) / 1e3)


def test_pieces_are_asked_for_once():
    prices = table()
    prices.ask(walk(V2))
    for architecture in walk(V2):
        prices.ms(architecture)
    assert prices.prices.asked == 1


def test_what_an_architecture_was_measured_to_take_corrects_all_but_the_parent():
    prices, narrow = table(), V2.narrowed(0.5)
    slower = 1.2 * prices.ms(narrow)
    right = prices.corrected(narrow, slower)
    assert right.ms(narrow) == pytest.approx(slower)
    assert right.ms(V2.parent) == pytest.approx(prices.ms(V2.parent))
    assert prices.ms(V2.narrowed(0.75)) < right.ms(V2.narrowed(0.75)) < right.ms(V2.parent)


def test_what_hardly_differs_from_the_parent_or_is_slower_corrects_nothing():
    prices = table()
    assert prices.corrected(V2.parent, 0.5) is prices
    assert prices.corrected(V2.narrowed(0.5), 2 * prices.ms(V2.parent)) is prices


def test_the_parent_takes_what_it_was_measured_to_take():
    assert table().scaled(V2.parent, 7.0).ms(V2.parent) == pytest.approx(7.0)


def test_where_the_milliseconds_are():
    prices = table()
    prices.ms(V2.parent)
    found = prices.shares(V2.parent)
    assert sum(found.values()) == pytest.approx(prices.ms(V2.parent))
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert set(found) == {piece.kind for piece in V2.pieces(V2.parent)}


@pytest.mark.parametrize("space", SPACES.values(), ids=list(SPACES))
def test_sizes_are_those_of_the_whole_network(space):
    sizes = Sizes(space)
    for architecture in (space.parent, space.narrowed(0.5), space.smallest):
        model = space.build(architecture).eval().requires_grad_(False)
        assert sizes.parameters(architecture) == sum(value.numel() for value in model.parameters())
        [graph] = graphs_of(model)
        assert sizes.macs(architecture) == sum(map(macs, operations(graph.program)))
