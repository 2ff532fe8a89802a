"""What makes a bundle worse than an earlier one, and what is noise."""

import pytest

from exporter.errors import BundleError
from exporter.manifest import Artifact, Delegation, Latency, Manifest, Verification
from exporter.verify.regression import ARTIFACT_RULES, Change, compare_bundles
from exporter.verify.tolerances import TOLERANCES


def replaced(manifest: Manifest, artifact: Artifact) -> Manifest:
    """A manifest with another artefact in place of the one of this format and graph."""
    place = (artifact.format, artifact.graph)
    artifacts = tuple(artifact if (a.format, a.graph) == place else a for a in manifest.artifacts)
    return with_artifacts(manifest, artifacts)


def with_artifacts(manifest: Manifest, artifacts: tuple[Artifact, ...]) -> Manifest:
    """A manifest of these artefacts, and no others."""
    variants = tuple(dict.fromkeys(artifact.variant for artifact in artifacts))
    return manifest.model_copy(update={"artifacts": artifacts, "variants": variants})


def with_parity(artifact: Artifact, output: str, **figures: float) -> Artifact:
    outputs = artifact.verification.outputs
    outputs = outputs | {output: outputs[output].model_copy(update=figures)}
    return artifact.model_copy(update={"verification": artifact.verification.model_copy(update={"outputs": outputs})})


def latency(ms: float, method: str) -> Latency:
    return Latency(ms=ms, low=ms, high=ms, method=method, detail="", kernels={}, kernels_by="")


def with_figure(artifact: Artifact, metric: str, figure: float) -> Artifact:
    delegation = Delegation(delegate="xnnpack", operators=0.9, macs=0.9, pieces=3, outside=())
    match metric:
        case "relative error":
            return with_parity(artifact, "logits", relative=figure)
        case "SQNR, dB":
            noisy = with_parity(artifact, "logits", sqnr=figure)
            few = noisy.verification.model_copy(update={"tolerance": TOLERANCES["int8"].outputs})
            return noisy.model_copy(update={"verification": few})
        case "top-1":
            return with_parity(artifact, "logits", top1=figure)
        case "bytes":
            return artifact.model_copy(update={"bytes": figure})
        case "operators":
            return artifact.model_copy(update={"operators": {"ADD": figure - 1, "MUL": 1}})
        case "latency, ms":
            return artifact.model_copy(update={"latency": latency(figure, "kernel table")})
        case _:
            changed = delegation.model_copy(update={metric.removeprefix("delegated ").lower(): figure})
            return artifact.model_copy(update={"delegation": changed})


@pytest.fixture(scope="module")
def manifest(bundles) -> Manifest:
    return bundles["mobilevit"].manifest


@pytest.fixture(scope="module")
def onnx(bundles) -> Artifact:
    return bundles["mobilevit"].artifact("onnx", "classify")


@pytest.fixture
def standing(manifest, onnx):
    """What becomes of a figure of the ONNX artefact that goes from one value to another."""

    def verdict(metric: str, old: float, new: float) -> str:
        before, after = (replaced(manifest, with_figure(onnx, metric, figure)) for figure in (old, new))
        (change,) = (
            change
            for change in compare_bundles(after, before).changes
            if (change.format, change.metric) == ("onnx", metric)
        )
        assert (change.old, change.new) == (old, new)
        return change.standing

    return verdict


LIMITS = [
    ("relative error", 2e-5, 3.9e-5, 4.1e-5),
    ("relative error", 1e-7, 9.9e-6, 1.1e-5),  # a tenth of the tolerance
    ("SQNR, dB", 30.0, 29.1, 28.9),
    ("top-1", 1.0, 0.9995, 0.9375),
    ("bytes", 1_000_000, 1_009_999, 1_010_001),
    ("operators", 500, 505, 506),
    ("delegated operators", 0.9, 0.8995, 0.898),
    ("delegated MACs", 0.9, 0.8995, 0.898),
    ("delegated pieces", 3, 3, 4),
    ("latency, ms", 10.0, 10.4, 10.6),
]


@pytest.mark.parametrize(("metric", "old", "same", "worse"), LIMITS)
def test_a_figure_is_worse_beyond_its_allowance_and_better_the_other_way(standing, metric, old, same, worse):
    assert standing(metric, old, same) == "same"
    assert standing(metric, old, worse) == "worse"
    assert standing(metric, worse, old) == "better"


def test_every_figure_has_its_limit_tried():
    tried = {metric for metric, *_ in LIMITS}
    assert {rule.metric for rule in ARTIFACT_RULES} == tried | {"mask IoU"}


def test_a_bundle_is_no_worse_than_itself(manifest, tracker_bundle):
    for one in (manifest, tracker_bundle.manifest):
        regression = compare_bundles(one, one)
        assert {change.standing for change in regression.changes} == {"same"}
        assert (regression.worse, regression.notes) == (0, ())


def test_a_figure_that_only_one_bundle_has_is_not_compared(manifest, onnx):
    untimed = replaced(manifest, onnx.model_copy(update={"latency": None}))
    timed = replaced(manifest, with_figure(onnx, "latency, ms", 10.0))
    assert "latency, ms" not in {c.metric for c in compare_bundles(timed, untimed).changes if c.format == "onnx"}


def test_latencies_that_were_found_in_two_ways_are_noted_and_not_compared(manifest, onnx):
    summed, transferred = (
        replaced(manifest, onnx.model_copy(update={"latency": latency(ms, method)}))
        for ms, method in ((10.0, "kernel table"), (20.0, "transfer"))
    )
    regression = compare_bundles(transferred, summed)
    assert "latency, ms" not in {change.metric for change in regression.changes if change.format == "onnx"}
    (note,) = (note for note in regression.notes if "latency" in note)
    assert note == (
        "how the latency of onnx classify was found: kernel table in the old bundle, transfer in the new one"
    )


@pytest.mark.parametrize("status", ["failed", "not executed"])
def test_an_artefact_that_no_longer_passes_is_worse(manifest, onnx, status):
    unmeasured = {"status": status, "runtime": None, "outputs": {}}
    now = Verification.model_validate(onnx.verification.model_dump() | unmeasured)
    regression = compare_bundles(replaced(manifest, onnx.model_copy(update={"verification": now})), manifest)
    (worse,) = (change for change in regression.changes if change.standing == "worse")
    assert (worse.format, worse.metric, worse.old, worse.new) == ("onnx", "status", "passed", status)
    assert not [change for change in regression.changes if (change.format, change.metric) == ("onnx", "top-1")]


def test_an_artefact_that_is_gone_is_worse_and_one_that_is_new_is_not(manifest):
    fewer = with_artifacts(manifest, tuple(a for a in manifest.artifacts if a.format != "onnx"))
    lost, gained = compare_bundles(fewer, manifest), compare_bundles(manifest, fewer)
    assert Change("onnx", "classify", "status", "passed", None, "worse", "as good") in lost.changes
    assert Change("onnx", "classify", "status", None, "passed", "better", "as good") in gained.changes
    assert (lost.worse, gained.worse) == (1, 0)


def test_the_mask_of_one_output_is_compared_by_its_least_iou(tracker_bundle):
    manifest, step = tracker_bundle.manifest, tracker_bundle.artifact("onnx", "track_step")
    (worse,) = (
        change
        for change in compare_bundles(
            replaced(manifest, with_parity(step, "mask_logits", mask_iou=0.9985)), manifest
        ).changes
        if change.standing == "worse"
    )
    assert worse == Change("onnx", "track_step", "mask IoU", 1, 0.9985, "worse", "0.001 less")


def test_a_rollout_is_worse_if_it_fails_is_gone_or_loses_a_mask(tracker_bundle):
    manifest = tracker_bundle.manifest
    (rollout,) = manifest.rollouts

    def worse(*rollouts) -> list[tuple[str, object]]:
        changes = compare_bundles(manifest.model_copy(update={"rollouts": rollouts}), manifest).changes
        assert all(change.graph is None for change in changes if change.standing == "worse")
        return [(change.metric, change.new) for change in changes if change.standing == "worse"]

    assert worse() == [("status", None)]
    assert worse(rollout.model_copy(update={"status": "failed"})) == [("status", "failed")]
    assert worse(rollout.model_copy(update={"mask_iou": (1.0, 0.99)})) == [("mask IoU", 0.99)]
    unmeasured = rollout.model_copy(update={"status": "failed", "mask_iou": ()})
    assert worse(unmeasured) == [("status", "failed")]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": "mobilevit_xs"}, "model of the new bundle is mobilevit_xs and of the old one mobilevit_xxs"),
        ({"image_size": 96}, "image size of the new bundle is 96 and of the old one 64"),
        ({"num_classes": 10}, "number of classes of the new bundle is 10 and of the old one 1000"),
    ],
)
def test_bundles_of_different_models_cannot_be_compared(manifest, changes, complaint):
    other = manifest.model_copy(update={"model": manifest.model.model_copy(update=changes)})
    with pytest.raises(BundleError, match=complaint):
        compare_bundles(other, manifest)


def test_a_classifier_cannot_be_compared_with_a_tracker(manifest, tracker_bundle):
    with pytest.raises(BundleError, match="task of the new bundle is classify and of the old one track"):
        compare_bundles(manifest, tracker_bundle.manifest)


def test_other_facts_that_differ_are_noted_and_are_no_change(manifest, onnx):
    other = replaced(
        manifest.model_copy(
            update={
                "target": manifest.target.model_copy(update={"id": "pixel8"}),
                "weights": manifest.weights.model_copy(update={"sha256": "f" * 64}),
            }
        ),
        onnx.model_copy(update={"precision": "fp16", "toolchain": onnx.toolchain | {"onnx": "0.1"}}),
    )
    regression = compare_bundles(other, manifest)
    assert [note.partition(":")[0] for note in regression.notes] == [
        "target",
        "sha256 of the weights",
        "onnx",
        "precision of onnx classify",
    ]
    assert "precision of onnx classify: fp32 in the old bundle, fp16 in the new one" in regression.notes
    assert regression.worse == 0
