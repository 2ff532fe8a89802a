"""A whole run on a small tracker: what is found is a tracker like its parent, verified frame by frame."""

import json
from dataclasses import replace

import pytest
from safetensors.torch import save_file

from exporter.errors import BudgetError, WeightsError
from exporter.models.architectures import described
from exporter.models.registry import create_model
from exporter.models.weights.loading import seed_weights
from exporter.slim.request import SlimRequest, settled
from exporter.slim.run import prepared, run
from tests.exporter.slim.small import SIZE, TRACKER
from tests.exporter.slim.test_run import silent

MODEL = "efficienttam_nano_256x256"


def planned(out, **settings):
    """Of a small parent in the place of the shipped one"""
    asked = {"targets": ["iphone12"], "formats": ["onnx"], "image_size": SIZE, "epochs": 1, "clips": 1, "out": out}
    plan = settled(SlimRequest(MODEL, ["0.93x"], **{**asked, **settings}))
    return replace(plan, info=replace(plan.info, architecture=described(TRACKER.config)))


@pytest.fixture(scope="module")
def slimmed(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    parent = TRACKER.build(TRACKER.parent)
    seed_weights(parent)
    save_file(parent.state_dict(), out / "parent.safetensors")
    return run(planned(out, weights=str(out / "parent.safetensors")), silent)


def test_what_is_found_is_within_the_budget(slimmed):
    [limit] = slimmed.limits
    assert limit.of(slimmed.searched.architecture) <= limit.most == pytest.approx(0.93 * slimmed.parent.predicted_ms[0])


def test_it_is_judged_by_how_it_follows(slimmed):
    assert slimmed.measure == "J&F"
    assert all(0 <= one.accuracy <= 1 for one in (slimmed.parent, slimmed.searched, *slimmed.baselines))
    assert json.loads(slimmed.checkpoint.with_suffix(".json").read_text())["accuracy"] == slimmed.searched.accuracy


def test_what_was_found_imitated_its_parent_first(slimmed):
    folder = slimmed.checkpoint.parent
    first, second = (folder / f"searched_{stage}/averaged.safetensors" for stage in ("imitation", "network"))
    assert first.stat().st_mtime_ns < second.stat().st_mtime_ns


def test_its_bundle_is_that_of_a_tracker_and_verified(slimmed):
    [bundle] = slimmed.bundles
    assert bundle.manifest.failures == []
    assert bundle.manifest.model.task == "track"
    assert bundle.manifest.rollouts


def test_the_checkpoint_is_a_model_like_any_other(slimmed):
    model = create_model(str(slimmed.checkpoint))
    assert model.config == slimmed.searched.architecture.config


def test_the_page_shows_trunk_and_memory(slimmed):
    page = slimmed.page.read_text()
    assert "trunk" in page
    assert "attention to the memory" in page


def test_a_tracker_without_weights_is_refused(tmp_path):
    plan = settled(SlimRequest("efficienttam_ti_512x512", ["0.8x"], targets=["iphone12"], out=tmp_path))
    with pytest.raises(WeightsError):
        prepared(plan, silent)


def test_a_tracker_learns_from_no_folder(tmp_path):
    with pytest.raises(BudgetError, match="learns from drawn scenes, and from no other data yet: leave --data out"):
        settled(SlimRequest(MODEL, ["0.8x"], data=tmp_path))
