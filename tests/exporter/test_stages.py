"""An export whose stages run side by side comes to what one process comes to."""

import pytest

import exporter
from exporter.manifest import Artifact, Manifest, Rollout


def assert_same(made: Manifest, expected: Manifest) -> None:
    """All is equal but times, and the last bits of figures, which depend on where in memory a number lies."""
    formats = made.formats
    assert made.graphs == expected.graphs
    assert sorted(made.findings, key=str) == sorted(
        (finding for finding in expected.findings if finding.format in formats), key=str
    )
    wanted = {(one.variant, one.graph): one for one in expected.artifacts if one.format in formats}
    assert len(made.artifacts) == len(wanted)
    for artifact in made.artifacts:
        assert_same_artifact(artifact, wanted[artifact.variant, artifact.graph])
    for rollout, other in zip(made.rollouts, expected.rollouts, strict=True):
        assert_same_rollout(rollout, other)


def assert_same_artifact(made: Artifact, expected: Artifact) -> None:
    checked, other = made.verification, expected.verification
    without = {"bytes": 0, "verification": other}  # a package holds the time at which it was made
    assert made.model_copy(update=without) == expected.model_copy(update=without)
    assert (checked.status, checked.runtime, checked.vectors) == (other.status, other.runtime, other.vectors)
    for name, output in checked.outputs.items():
        assert output.relative == pytest.approx(other.outputs[name].relative, abs=checked.tolerance.relative / 10)


def assert_same_rollout(made: Rollout, expected: Rollout) -> None:
    assert (made.variant, made.status, made.runtime) == (expected.variant, expected.status, expected.runtime)
    assert made.mask_iou == pytest.approx(expected.mask_iou, abs=1e-3)


def test_a_classifier_of_two_formats_is_the_same_from_two_processes(bundles, tmp_path):
    alone = bundles["efficientformer"].manifest
    beside = exporter.export(
        alone.model.name, formats=["onnx", "coreml"], weights="random", image_size=64, workers=2, out=tmp_path
    )
    assert beside.manifest.formats == ("onnx", "coreml")
    assert_same(beside.manifest, alone)


def test_a_tracker_is_the_same_from_two_processes_and_is_timed(tracker_bundle, tmp_path):
    steps = []
    beside = exporter.export(
        tracker_bundle.manifest.model.name,
        formats=["onnx"],
        weights="random",
        image_size=64,
        workers=2,
        out=tmp_path,
        progress=lambda what, share: steps.append((what, share)),
    )
    assert_same(beside.manifest, tracker_bundle.manifest)
    (rollout,) = beside.manifest.rollouts
    assert set(rollout.ms) == {graph.name for graph in beside.manifest.graphs} - {"prompt_mask"}
    shares = [share for _, share in steps]
    assert shares == sorted(shares)
    assert any(what.startswith("onnx: follow objects, ") for what, _ in steps)
