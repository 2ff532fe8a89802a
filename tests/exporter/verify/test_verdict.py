"""The one sentence about a bundle, and what it must not claim."""

from collections.abc import Sequence

import pytest

from exporter.manifest import Artifact, Manifest, Parity
from exporter.verify.verdict import Verdict, verdict

UNMEASURED = {"runtime": None, "vectors": 0, "outputs": {}}


def with_results(manifest: Manifest, **results: tuple[str, str, float]) -> Manifest:
    """A manifest of these formats: each (precision, status, relative error), in every graph."""
    artifacts = []
    for format, (precision, status, relative) in results.items():
        for graph in manifest.graphs:
            artifact = next(a for a in manifest.artifacts if (a.format, a.graph) == ("onnx", graph.name))
            parity = Parity(
                max_abs=1,
                relative=relative,
                psnr=90,
                sqnr=80,
                top1=None,
                top5=None,
                labels=None,
                mask_iou=None,
                per_vector=(relative,),
            )
            figures = UNMEASURED if status == "not executed" else {"outputs": {"output": parity}}
            verification = artifact.verification.model_copy(update={"status": status, **figures})
            changes = {"format": format, "precision": precision, "delegate": None, "verification": verification}
            artifacts.append(artifact.model_copy(update=changes))
    return with_artifacts(manifest, artifacts)


def with_artifacts(manifest: Manifest, artifacts: Sequence[Artifact]) -> Manifest:
    """A manifest of these artefacts, and no others."""
    variants = tuple(dict.fromkeys(artifact.variant for artifact in artifacts))
    return manifest.model_copy(update={"artifacts": tuple(artifacts), "variants": variants})


@pytest.fixture
def classifier(bundles):
    return lambda **results: verdict(with_results(bundles["mobilevit"].manifest, **results))


PASSED, FAILED, IDLE = ("fp32", "passed", 4.6e-6), ("fp32", "failed", 0.3), ("fp16", "not executed", 0.0)


def test_what_falls_short_is_not_said_to_agree(bundles):
    whole = with_results(bundles["mobilevit"].manifest, onnx=PASSED, tflite=("int8", "passed", 0.3))
    far = [
        one.model_copy(update={"verification": one.verification.model_copy(update={"short": ("an SQNR of 18.0 dB",)})})
        if one.format == "tflite"
        else one
        for one in whole.artifacts
    ]
    alone = with_artifacts(whole, [one for one in far if one.format == "tflite"])
    assert verdict(with_artifacts(whole, far)).sentence == (
        "1 format (onnx) agrees with PyTorch within 4.6e-06; tflite was executed, and is not near PyTorch."
    )
    assert verdict(alone) == Verdict("passed", "tflite was executed, and is not near PyTorch.")


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        (
            {"onnx": PASSED, "tflite": ("fp32", "passed", 1e-6), "coreml": ("fp16", "passed", 1.3e-3)},
            Verdict("passed", "3 formats agree with PyTorch within 1.3e-03 (fp16 1.3e-03, fp32 4.6e-06)."),
        ),
        (
            {"onnx": PASSED, "tflite": ("fp32", "passed", 1e-6)},
            Verdict("passed", "2 formats agree with PyTorch within 4.6e-06."),
        ),
        ({"onnx": PASSED}, Verdict("passed", "1 format (onnx) agrees with PyTorch within 4.6e-06.")),
        (
            {"onnx": PASSED, "coreml": IDLE},
            Verdict("passed", "1 format (onnx) agrees with PyTorch within 4.6e-06; coreml was not executed."),
        ),
        (
            {"onnx": PASSED, "tflite": FAILED},
            Verdict("failed", "1 format (onnx) agrees with PyTorch within 4.6e-06; tflite disagrees with PyTorch."),
        ),
        (
            {"executorch": FAILED, "tflite": FAILED, "coreml": IDLE},
            Verdict("failed", "executorch and tflite disagree with PyTorch; coreml was not executed."),
        ),
        (
            {"coreml": IDLE, "executorch": IDLE},
            Verdict("open", "No format was executed here, so agreement with PyTorch is not proved."),
        ),
    ],
)
def test_a_classifiers_formats_agree_disagree_or_were_not_executed(classifier, results, expected):
    assert classifier(**results) == expected


@pytest.fixture
def tracker(tracker_bundle):
    """A tracker of which two formats followed the objects."""
    manifest = with_results(tracker_bundle.manifest, onnx=PASSED, tflite=PASSED)
    (rollout,) = manifest.rollouts
    return manifest.model_copy(update={"rollouts": (rollout, rollout.model_copy(update={"format": "tflite"}))})


def test_a_tracker_must_follow_objects_too(tracker):
    assert verdict(tracker) == Verdict(
        "passed",
        "2 formats agree with PyTorch within 4.6e-06; objects are followed as by PyTorch in 24 frames.",
    )


def test_a_format_that_agrees_graph_by_graph_and_loses_its_objects_has_failed(tracker):
    onnx, tflite = tracker.rollouts
    lost = tracker.model_copy(update={"rollouts": (onnx, tflite.model_copy(update={"status": "failed"}))})
    assert verdict(lost) == Verdict(
        "failed",
        "2 formats agree with PyTorch within 4.6e-06; objects are followed as by PyTorch in 24 frames by onnx; "
        "tflite cannot follow objects.",
    )


def test_a_format_that_was_not_made_to_follow_is_named(tracker):
    onnx, _ = tracker.rollouts
    assert verdict(tracker.model_copy(update={"rollouts": (onnx,)})).sentence.endswith(
        "objects are followed as by PyTorch in 24 frames by onnx; following objects was not tried with tflite."
    )


def test_seeded_weights_in_half_precision_are_not_asked_to_follow(tracker):
    onnx, _ = tracker.rollouts
    half = tuple(
        artifact.model_copy(update={"precision": "fp16"}) if artifact.format == "tflite" else artifact
        for artifact in tracker.artifacts
    )
    seeded = tracker.model_copy(update={"artifacts": half, "rollouts": (onnx,)})
    assert verdict(seeded).sentence.endswith(
        "objects are followed as by PyTorch in 24 frames; "
        "seeded weights follow nothing but in single precision, so tflite did not try."
    )
    trained = seeded.model_copy(update={"weights": seeded.weights.model_copy(update={"trained": True})})
    assert verdict(trained).sentence.endswith("following objects was not tried with tflite.")


def test_a_format_whose_time_was_up_is_said_to_have_followed_as_far_as_it_came(tracker):
    onnx, tflite = tracker.rollouts
    short = tflite.model_copy(update={"mask_iou": tflite.mask_iou[:7], "max_abs": tflite.max_abs[:7], "left_out": 17})
    assert verdict(tracker.model_copy(update={"rollouts": (short, onnx)})).sentence.endswith(
        "objects are followed as by PyTorch in 24 frames by onnx, in 7 of 24 frames by tflite."
    )
    alone = tuple(artifact for artifact in tracker.artifacts if artifact.format == "tflite")
    assert verdict(tracker.model_copy(update={"artifacts": alone, "rollouts": (short,)})).sentence.endswith(
        "objects are followed as by PyTorch in 7 of 24 frames."
    )


def test_a_format_that_was_given_part_of_the_inputs_is_named(tracker):
    first, *others = tracker.artifacts
    cut = first.verification.model_copy(update={"left_out": 3})
    seen = verdict(tracker.model_copy(update={"artifacts": (first.model_copy(update={"verification": cut}), *others)}))
    assert "; onnx was given part of the inputs only, as time was up; " in seen.sentence
    assert seen.outcome == "passed"


def test_a_format_of_which_a_graph_was_not_executed_does_not_agree(tracker):
    first, *others = tracker.artifacts
    idle = first.verification.model_copy(update={"status": "not executed", **UNMEASURED})
    partial = (first.model_copy(update={"verification": idle}), *others)
    seen = verdict(tracker.model_copy(update={"artifacts": partial}))
    assert seen.sentence.startswith("1 format (tflite) agrees with PyTorch within 4.6e-06; onnx was executed in part")
    alone = tuple(artifact for artifact in partial if artifact.format == "onnx")
    assert verdict(tracker.model_copy(update={"artifacts": alone, "rollouts": ()})) == Verdict(
        "open",
        "No format was executed in full, so agreement with PyTorch is not proved; onnx was executed in part only.",
    )
