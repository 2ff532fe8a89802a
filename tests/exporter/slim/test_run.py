"""A whole run on a small parent and few pictures: what is found meets its budget, is exported, and can be resumed."""

import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from exporter.errors import BudgetError, DataError, InputShapeError, WeightsError
from exporter.models.architectures import described
from exporter.models.registry import create_model, model_info
from exporter.models.weights.loading import seed_weights
from exporter.slim.budget import Budget
from exporter.slim.prices.tables import SHARE as MEASURED
from exporter.slim.request import REQUEST, SEARCH, SlimRequest, folder_of, settled
from exporter.slim.run import run
from exporter.slim.search.history import History
from exporter.slim.search.loop import Undone
from exporter.slim.tasks.classifying import classifying
from exporter.slim.training import Trainer
from exporter.train.loop import Hardware
from tests.exporter.slim.coloured import write_colours
from tests.exporter.slim.small import MOBILEVIT, V1

SPACES = {"efficientformer_l1": V1, "mobilevit_s": MOBILEVIT}
"""Each with a supernet of its own kind"""
TARGETS = {"efficientformer_l1": "host", "mobilevit_s": "iphone12"}
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


def follow(steps, event):
    """Keep those that are not undone"""
    if isinstance(event, Undone):
        assert steps.pop() == event.step
    else:
        steps.append(event)


@pytest.fixture(scope="module", params=SPACES)
def slimmed(request, data, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    steps = []
    plan = planned(request.param, data, out, targets=[TARGETS[request.param]])
    return plan, run(plan, silent, partial(follow, steps)), steps


def test_what_is_found_is_within_the_budget(slimmed):
    _, found, _ = slimmed
    [limit] = found.limits
    assert limit.most == pytest.approx(SHARE * found.parent.predicted_ms[0])
    history = History(found.checkpoint.parent / SEARCH)
    for one in (found.searched, *found.baselines):
        if one.name == "uniform" and limit.device == "host":  # by a table that such networks alone correct
            assert history.known(MEASURED, one.architecture) <= SHARE
        else:
            assert limit.of(one.architecture) <= limit.most


def test_every_step_is_told_of(slimmed):
    _, found, steps = slimmed
    assert tuple(steps) == found.path.steps
    assert len(steps) >= 1


def test_it_is_compared_with_narrowing_alike_and_with_drawing(slimmed):
    _, found, _ = slimmed
    assert [one.name for one in found.baselines] == ["uniform", "random"]
    assert all(0 <= one.accuracy <= 1 for one in (found.searched, *found.baselines))


def test_the_checkpoint_is_a_model_like_any_other(slimmed):
    plan, found, _ = slimmed
    info = model_info(str(found.checkpoint))
    assert info.name == plan.name
    assert info.architecture == described(found.searched.architecture.config)
    assert create_model(str(found.checkpoint), num_classes=3).num_classes == 3
    card = json.loads(found.checkpoint.with_suffix(".json").read_text())
    assert card["classes"] == ["blue", "green", "red"]
    assert card["accuracy"] == found.searched.accuracy


def test_its_bundle_is_verified(slimmed):
    plan, found, _ = slimmed
    [bundle] = found.bundles
    assert bundle.manifest.failures == []
    assert bundle.manifest.target.id == plan.targets[0].device.id
    assert bundle.manifest.formats == ("onnx",)


def test_prices_say_where_they_are_from_and_how_far_to_trust_them(slimmed):
    _, found, _ = slimmed
    [table] = found.tables
    if table.device == "host":
        assert "measured here under onnx on one thread" in table.provenance
        assert set(table.counts) == {"measured", "interpolated"}
    else:
        assert table.low < 1 < table.high
        assert "regression" in table.provenance
        assert set(table.counts) == {"estimated"}


def test_what_is_here_is_timed(slimmed):
    """Smaller networks, between which and the parent lies more than noise"""
    plan, found, _ = slimmed
    networks = (found.parent, found.searched, *found.baselines)
    if plan.targets[0].device.id != "host":
        assert {one.measured_ms for one in networks} == {None}
    else:
        assert min(one.measured_ms for one in networks) > 0
        assert '<td class="number" data-label="Measured / predicted">' in found.page.read_text()


def test_the_page_shows_the_path_what_it_beats_and_what_is_left(slimmed):
    _, found, steps = slimmed
    page = found.page.read_text()
    assert page.count('<circle class="step"') == len(steps) + 2  # the start, and one in the legend
    for name in ("parent", "searched", "uniform", "random"):
        assert page.count(f'<circle class="{name}"') == 2
    assert all(str(step.move) in page for step in steps)
    assert found.tables[0].provenance in page
    assert "broken.jpg" in page


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
    with pytest.raises(BudgetError, match="has a run that was asked for with other epochs and seed, as"):
        run(replace(plan, request=replace(plan.request, epochs=3, seed=1, resume=True)), silent)


def test_a_run_is_the_same_by_another_path_to_its_pictures_and_with_other_formats(slimmed):
    plan, found, _ = slimmed
    data = Path(os.path.relpath(plan.request.data))
    assert folder_of(replace(plan, request=replace(plan.request, data=data, formats=["tflite"], resume=True))) == (
        found.checkpoint.parent
    )


def test_prices_are_of_no_request_but_the_one_that_began_them(data, tmp_path):
    """Pieces of other classes or another size have the same names."""

    def interrupt(what, share):
        if what == "prices":
            raise KeyboardInterrupt

    plan = planned("mobilevit_s", data, tmp_path, targets=["iphone12"])
    with pytest.raises(KeyboardInterrupt):
        run(plan, interrupt)
    with pytest.raises(BudgetError, match="has a run already"):
        folder_of(plan)
    other = replace(plan, request=replace(plan.request, image_size=32, resume=True))
    with pytest.raises(BudgetError, match="asked for with other image_size"):
        folder_of(other)


def test_what_is_refused_takes_no_folder(data, tmp_path):
    """A smaller budget, and then weights that are none: the next request may be any."""
    target = {"targets": ["iphone12"]}
    tiny = planned("mobilevit_s", data, tmp_path, **target)
    tiny = replace(tiny, budgets=(Budget.of("0.01x"),))
    with pytest.raises(BudgetError, match="pass a larger --budget"):
        run(tiny, silent)
    (tmp_path / "none.pt").write_bytes(b"no weights")
    with pytest.raises(WeightsError):
        run(planned("mobilevit_s", data, tmp_path, weights=str(tmp_path / "none.pt"), **target), silent)
    folder = folder_of(planned("mobilevit_s", data, tmp_path, **target))
    assert sorted(file.name for file in folder.iterdir()) == ["data"]


def test_a_run_of_another_version_is_not_gone_on_with(slimmed, tmp_path):
    plan, found, _ = slimmed
    plan = replace(plan, request=replace(plan.request, out=tmp_path, resume=True))
    begun = json.loads((found.checkpoint.parent / REQUEST).read_text())
    (tmp_path / plan.name).mkdir()
    (tmp_path / plan.name / REQUEST).write_text(json.dumps(begun | {"version": "0.0.1"}))
    with pytest.raises(BudgetError, match=r"has a run of vitexport 0\.0\.1, and this is .*: pass another folder"):
        folder_of(plan)


def test_gone_on_with_it_finds_the_same_and_trains_nothing(slimmed):
    plan, found, _ = slimmed
    trained = [file.stat().st_mtime_ns for file in sorted(found.checkpoint.parent.glob("*/averaged.safetensors"))]
    again = run(replace(plan, request=replace(plan.request, resume=True)), silent)
    assert again.path == found.path
    assert again.searched.accuracy == found.searched.accuracy
    assert trained == [
        file.stat().st_mtime_ns for file in sorted(found.checkpoint.parent.glob("*/averaged.safetensors"))
    ]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"model": "mobilevitv2_050"}, "cannot be slimmed: name a registered model of"),
        ({"budgets": []}, "pass --budget"),
        ({"budgets": ["2x"]}, "is no budget"),
        ({"epochs": 0}, "trains nothing"),
        ({"model": "mobilevit_s", "policy": "importance"}, "supernet does not learn how important blocks are"),
        ({"runtime": "coreml"}, "host cannot be priced under coreml: pass --runtime"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_made(settings, said):
    with pytest.raises(BudgetError, match=said):
        settled(SlimRequest(**{"model": "efficientformer_l1", "budgets": ["0.5x"], **settings}))


def test_a_parent_may_begin_with_weights_of_other_classes(data, tmp_path):
    """All but the last layer are taken, and little is left to learn."""
    given = V1.build(V1.parent)
    assert given.num_classes != 3
    seed_weights(given)
    save_file(given.state_dict(), tmp_path / "given.safetensors")
    plan = planned(
        "efficientformer_l1", data, tmp_path, targets=["iphone12"], weights=str(tmp_path / "given.safetensors")
    )
    task = classifying(plan, Trainer(folder_of(plan), Hardware.found(), silent, seed=0))
    began = task.initial().state_dict()
    kept = {name for name, value in given.state_dict().items() if torch.equal(value, began[name])}
    assert set(began) - kept == {"head.weight", "head.bias", "head_dist.weight", "head_dist.bias"}


@pytest.mark.parametrize(("budget", "said"), [("1s", "is within the budget as it is"), ("0.01x", "The smallest that")])
def test_a_budget_that_asks_for_nothing_or_too_much_is_refused_before_training(budget, said, data, tmp_path):
    plan = planned("efficientformer_l1", data, tmp_path, targets=["iphone12"])
    with pytest.raises(BudgetError, match=said):
        run(replace(plan, budgets=(Budget.of(budget),)), silent)
    assert not list(tmp_path.glob("*/parent"))


def test_what_was_refused_before_it_began_may_be_asked_for_otherwise(tmp_path):
    plan = planned("efficientformer_l1", tmp_path / "nowhere", tmp_path, targets=["iphone12"])
    with pytest.raises(DataError):
        run(plan, silent)
    assert not (tmp_path / plan.name / REQUEST).exists()


@pytest.mark.parametrize("size", [0, 40, -64, 1 << 20])
def test_sizes_that_no_model_takes_are_refused(size):
    with pytest.raises(InputShapeError):
        settled(SlimRequest("efficientformer_l1", ["0.5x"], image_size=size))
