"""A tracker is verified as a whole: a sequence through the artefacts, frame by frame against PyTorch."""

from collections.abc import Mapping

import numpy as np
import pytest

from exporter.backends import backend
from exporter.backends.runner import Arrays, Runner
from exporter.bundle import Bundle
from exporter.manifest import Rollout, Variant
from exporter.verify.artifact import verify_bundle
from exporter.verify.conformance import RecordedSequence, recorded_sequence
from exporter.verify.record import FRAMES, RESTARTED
from exporter.verify.sequence import follow, roll_out, roll_out_bundle
from exporter.verify.tolerances import TOLERANCES

ONNX = Variant("onnx", "fp32")


@pytest.fixture(scope="module")
def recorded(trained_bundle: Bundle) -> RecordedSequence:
    manifest = trained_bundle.manifest
    return recorded_sequence(trained_bundle.path, manifest.sequence, manifest.model.image_size)


@pytest.fixture(scope="module")
def runners(trained_bundle: Bundle) -> Mapping[str, Runner]:
    return {graph.name: trained_bundle.runner("onnx", graph.name) for graph in trained_bundle.manifest.graphs}


class Faulty:
    """A graph's runner with a fault in what goes in or comes out."""

    def __init__(self, runner: Runner, given=lambda inputs: inputs, made=lambda inputs, outputs: outputs) -> None:
        self.runtime, self._runner, self._given, self._made = runner.runtime, runner, given, made

    def __call__(self, inputs: Arrays) -> Arrays:
        return self._made(inputs, self._runner(self._given(inputs)))


def into_one_buffer():
    """The runtime's own memory is kept for a result, which every later run writes over."""
    buffers: Arrays = {}

    def made(inputs: Arrays, outputs: Arrays) -> Arrays:
        for name, values in outputs.items():
            np.copyto(buffers.setdefault(name, np.empty_like(values)), values)
        return buffers

    return made


FAULTS = {
    "a memory that drifts": ("track_step", {"given": lambda inputs: inputs | {"memory": 0.9 * inputs["memory"]}}),
    "a state that is not advanced": (
        "track_step",
        {"made": lambda inputs, made: made | {f"next_{name}": inputs[name] for name in inputs if name != "features"}},
    ),
    "memories in the wrong slots": (
        "track_step",
        {"given": lambda inputs: inputs | {"memory": np.roll(inputs["memory"], 1, 0)}},
    ),
    "a stale output buffer": ("track_step", {"made": into_one_buffer()}),
    "frames that are turned by a quarter": (
        "encode_image",
        {"given": lambda inputs: {"image": np.rot90(inputs["image"], -1, axes=(2, 3)).copy()}},
    ),
    "a prompt without its last points": (
        "prompt_points",
        {"given": lambda inputs: inputs | {"labels": np.where([[1, 1, 0, 0]], inputs["labels"], np.float32(-2))}},
    ),
}  # fmt: skip
"""Fault -> the graph that has it, and the fault."""


def test_the_manifest_holds_the_rollout_of_every_format(tracker_bundle):
    manifest = tracker_bundle.manifest
    (rollout,) = manifest.rollouts
    assert (rollout.format, rollout.status, len(rollout.mask_iou)) == ("onnx", "passed", FRAMES)
    assert min(rollout.mask_iou) >= 0.999
    assert max(rollout.max_abs) <= 1e-2
    assert set(rollout.ms) == {"encode_image", "prompt_points", "track_first", "track_step"}
    assert (manifest.sequence.objects, manifest.sequence.frames) == (2, FRAMES)


def test_state_names_the_input_that_every_output_becomes(tracker_bundle):
    manifest = tracker_bundle.manifest
    step = tracker_bundle.graph("track_step")
    assert set(manifest.state.values()) == {spec.name for spec in step.inputs} - {"features"}
    shapes = {spec.name: spec.shape for spec in (*step.inputs, *step.outputs)}
    assert all(shapes[output] == shapes[given] for output, given in manifest.state.items())


def test_a_bundle_can_be_followed_again(trained_bundle):
    rollouts = roll_out_bundle(trained_bundle, verify_bundle(trained_bundle))
    formats = ["onnx", "tflite", "executorch", "coreml"]
    assert [(rollout.format, rollout.status) for rollout in rollouts] == [(one, "passed") for one in formats]


@pytest.mark.parametrize("fault", FAULTS)
def test_an_app_that_does_it_wrong_fails(runners, recorded, fault):
    graph, wrong = FAULTS[fault]
    followed = follow(ONNX, {**runners, graph: Faulty(runners[graph], **wrong)}, recorded)
    assert followed.rollout.status == "failed"
    assert "object" in followed.rollout.detail


def test_the_masks_are_those_that_the_artefacts_saw(runners, recorded):
    graph, wrong = FAULTS["a memory that drifts"]
    followed = follow(ONNX, {**runners, graph: Faulty(runners[graph], **wrong)}, recorded)
    differs = (followed.masks != (recorded.expected["mask_logits"][:, :, 0] > 0)).any((0, 2, 3))
    assert differs.tolist() == [iou < 1 for iou in followed.rollout.mask_iou]
    assert differs.any()


def test_an_object_that_is_not_started_anew_fails(runners, recorded):
    """It is the second one, from the frame on in which it is prompted once more."""
    once = {frame: prompts for frame, prompts in recorded.prompts.items() if frame != RESTARTED}
    again = RecordedSequence(recorded.sequence, recorded.image_size, recorded.frames, once, recorded.expected)
    rollout = follow(ONNX, runners, again).rollout
    assert rollout.status == "failed"
    assert max(rollout.max_abs[:RESTARTED]) < 1e-2 < min(rollout.max_abs[RESTARTED:])


def test_the_worst_object_of_a_frame_counts(runners, recorded):
    """The logits of one object in one frame are off, and in another frame a value of the other is lost."""
    expected = recorded.expected["mask_logits"].copy()
    expected[1, 5] += 3
    expected[0, 7, 0, 0, 0] = np.nan
    wrong = {**recorded.expected, "mask_logits": expected}
    changed = RecordedSequence(recorded.sequence, recorded.image_size, recorded.frames, recorded.prompts, wrong)
    rollout = follow(ONNX, runners, changed).rollout
    assert rollout.status == "failed"
    assert "the mask of object 1 in frame 5 has an IoU of 0." in rollout.detail
    assert "the mask logits of object 0 in frame 7 are not finite" in rollout.detail
    assert rollout.max_abs[5] == pytest.approx(3, abs=1e-2)
    assert [frame for frame, value in enumerate(rollout.max_abs) if value is None] == [7]


def test_of_a_hidden_object_as_many_pixels_may_differ_in_half_precision_as_of_a_whole_one(runners, recorded):
    tolerance = TOLERANCES["fp16"].rollout
    allowed = int((1 - tolerance.mask_iou) * tolerance.least_union * recorded.expected["mask_logits"][0, 0].size)
    covered = (recorded.expected["mask_logits"] > 0).sum((2, 3, 4))
    one, frame = np.argwhere(recorded.prompted & (covered == covered[recorded.prompted].min()))[0]

    def rollout(variant: Variant, differing: int) -> Rollout:
        expected = recorded.expected["mask_logits"].copy()
        pixels = expected[one, frame].reshape(-1)
        pixels[np.argsort(np.abs(pixels))[:differing]] *= -1
        wrong = {**recorded.expected, "mask_logits": expected}
        changed = RecordedSequence(recorded.sequence, recorded.image_size, recorded.frames, recorded.prompts, wrong)
        return follow(variant, runners, changed, seconds=600).rollout

    assert allowed == 4
    half = Variant("coreml", "fp16")
    assert [rollout(half, differing).status for differing in (allowed, allowed + 1)] == ["passed", "failed"]
    assert rollout(ONNX, 1).status == "failed"


def test_a_format_in_a_time_box_follows_two_frames_at_least_and_says_how_many(runners, recorded):
    seen: list[tuple[int, int]] = []
    followed = follow(ONNX, runners, recorded, lambda done, count: seen.append((done, count)), seconds=0)
    rollout = followed.rollout
    assert (rollout.status, len(rollout.mask_iou), rollout.left_out) == ("passed", 2, FRAMES - 2)
    assert rollout.detail.startswith("2 of 24 frames agree with PyTorch")
    assert rollout.detail.endswith("; then its 0 s were up.")
    assert (followed.masks.shape[:2], seen) == ((2, 2), [(0, FRAMES), (1, FRAMES)])


def test_an_artefact_that_does_not_load_fails_the_rollout(trained_bundle, recorded, tmp_path):
    broken = tmp_path / "track_step.onnx"
    broken.write_bytes((trained_bundle.path / "onnx" / "track_step.onnx").read_bytes()[:1000])
    followed = roll_out(ONNX, lambda: {"track_step": backend("onnx").load(broken)}, recorded)
    assert followed.rollout.status == "failed"
    assert "do not run" in followed.rollout.detail
    assert followed.masks.shape[:2] == (2, 0)
