"""An export whose stages run side by side comes to what one process comes to."""

import exporter
from exporter.manifest import Manifest


def figures(manifest: Manifest) -> dict[str, object]:
    """All that does not depend on the moment: no times, and no check sums of files that hold times."""
    rollouts = [rollout.model_copy(update={"ms": {}}) for rollout in manifest.rollouts]
    return {
        "artifacts": [artifact.model_copy(update={"sha256": ""}) for artifact in manifest.artifacts],
        "findings": manifest.findings,
        "graphs": manifest.graphs,
        "rollouts": rollouts,
        "sequence": manifest.sequence,
        "variants": manifest.variants,
    }


def test_a_classifier_of_two_formats_is_the_same_from_two_processes(bundles, tmp_path):
    alone = bundles["efficientformer"]
    beside = exporter.export(
        alone.manifest.model.name, formats=["onnx", "coreml"], weights="random", image_size=64, workers=2, out=tmp_path
    )
    expected, made = figures(alone.manifest), figures(beside.manifest)
    assert [one.format for one in beside.manifest.variants] == ["onnx", "coreml"]
    for part in ("artifacts", "findings"):
        expected[part] = [one for format in ("onnx", "coreml") for one in expected[part] if one.format == format]
        made[part] = [one for format in ("onnx", "coreml") for one in made[part] if one.format == format]
    del expected["variants"], made["variants"]
    assert made == expected


def test_a_tracker_is_the_same_from_two_processes_and_is_timed(tracker_bundle, tmp_path):
    name = tracker_bundle.manifest.model.name
    seen = []
    beside = exporter.export(
        name,
        formats=["onnx"],
        weights="random",
        image_size=64,
        workers=2,
        out=tmp_path,
        progress=lambda what, share: seen.append((what, share)),
    )
    assert figures(beside.manifest) == figures(tracker_bundle.manifest)
    (rollout,) = beside.manifest.rollouts
    assert set(rollout.ms) == {graph.name for graph in beside.manifest.graphs} - {"prompt_mask"}
    shares = [share for _, share in seen]
    assert shares == sorted(shares)
    assert any(what.startswith("onnx: follow an object, ") for what, _ in seen)
