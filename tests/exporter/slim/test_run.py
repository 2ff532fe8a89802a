"""A whole run on a small parent and few pictures: what is found meets its budget, is exported, and can be resumed."""

import json
from dataclasses import replace
from functools import partial

import pytest

from exporter.errors import BudgetError
from exporter.models.architectures import described
from exporter.models.registry import create_model, model_info
from exporter.slim.request import SlimRequest, settled
from exporter.slim.run import run
from tests.exporter.slim.coloured import write_colours
from tests.exporter.slim.small import V1, V2

SPACES = {"efficientformer_l1": V1, "efficientformerv2_s0": V2}
SHARE = 0.85
"""Of the parent's latency"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = write_colours(tmp_path_factory.mktemp("data"), 20)
    (folder / "red/broken.jpg").write_bytes(b"no picture")
    return folder


def planned(model, data, out, **settings):
    """Of a small parent in the place of the registered one"""
    asked = {"data": data, "formats": ["onnx"], "image_size": 64, "epochs": 2, "out": out}
    request = SlimRequest(model, [f"{SHARE}x"], **asked, **settings)
    plan = settled(request)
    coarse = replace(plan.method, space=partial(plan.method.space, notch=16, least=0.5))
    return replace(plan, method=coarse, info=replace(plan.info, architecture=described(SPACES[model].config)))


def silent(what, share):
    pass


@pytest.fixture(scope="module", params=SPACES)
def slimmed(request, data, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    steps = []
    plan = planned(request.param, data, out, targets=["iphone12"])
    return plan, run(plan, silent, steps.append), steps


def test_what_is_found_is_within_the_budget(slimmed):
    _, found, _ = slimmed
    [limit] = found.limits
    assert limit.most == pytest.approx(SHARE * found.parent_ms[0])
    for one in (found.found, *found.baselines):
        assert limit.of(one.architecture) <= limit.most


def test_every_step_is_told_of(slimmed):
    _, found, steps = slimmed
    assert tuple(steps) == found.path.steps
    assert len(steps) >= 1


def test_it_is_compared_with_narrowing_alike_and_with_drawing(slimmed):
    _, found, _ = slimmed
    assert [one.name for one in found.baselines] == ["uniform", "random"]
    assert all(0 <= one.accuracy <= 1 for one in (found.found, *found.baselines))


def test_the_checkpoint_is_a_model_like_any_other(slimmed):
    plan, found, _ = slimmed
    info = model_info(str(found.checkpoint))
    assert info.name == plan.name
    assert info.architecture == described(found.found.architecture.config)
    assert create_model(str(found.checkpoint), num_classes=3).num_classes == 3
    card = json.loads(found.checkpoint.with_suffix(".json").read_text())
    assert card["classes"] == ["blue", "green", "red"]
    assert card["accuracy"] == found.found.accuracy


def test_its_bundle_is_verified(slimmed):
    _, found, _ = slimmed
    [bundle] = found.bundles
    assert bundle.manifest.failures == []
    assert bundle.manifest.target.id == "iphone12"
    assert bundle.manifest.formats == ("onnx",)


def test_prices_say_where_they_are_from_and_how_far_to_trust_them(slimmed):
    _, found, _ = slimmed
    [table] = found.tables
    assert table.low < 1 < table.high
    assert "regression" in table.provenance
    assert {price.how for price in table.known.values()} == {"estimated"}


def test_what_is_no_picture_is_counted(slimmed):
    _, found, _ = slimmed
    assert len(found.skipped) == 1
    assert "broken.jpg" in found.skipped[0]


def test_a_run_that_is_there_is_not_begun_again_unasked(slimmed):
    plan, _, _ = slimmed
    with pytest.raises(BudgetError, match="has a run already: pass --resume to go on with it"):
        run(plan, silent)


def test_a_run_of_another_request_is_not_gone_on_with(slimmed):
    plan, _, _ = slimmed
    with pytest.raises(BudgetError, match="has a run that was asked for otherwise"):
        run(replace(plan, request=replace(plan.request, epochs=3, resume=True)), silent)


def test_gone_on_with_it_finds_the_same_and_trains_nothing(slimmed):
    plan, found, _ = slimmed
    trained = [file.stat().st_mtime_ns for file in sorted(found.checkpoint.parent.glob("*/averaged.safetensors"))]
    again = run(replace(plan, request=replace(plan.request, resume=True)), silent)
    assert again.path == found.path
    assert again.found.accuracy == found.found.accuracy
    assert trained == [
        file.stat().st_mtime_ns for file in sorted(found.checkpoint.parent.glob("*/averaged.safetensors"))
    ]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"model": "mobilevit_s"}, "cannot be slimmed: name a registered model of"),
        ({"budgets": []}, "pass --budget"),
        ({"budgets": ["2x"]}, "is no budget"),
        ({"epochs": 0}, "trains nothing"),
        ({"runtime": "coreml"}, "host cannot be priced under coreml: pass --runtime"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_made(settings, said):
    with pytest.raises(BudgetError, match=said):
        settled(SlimRequest(**{"model": "efficientformer_l1", "budgets": ["0.5x"], **settings}))
