"""A tracker is verified as a whole: a sequence through the artefacts, frame by frame against PyTorch."""

import pytest

from exporter.backends import backend
from exporter.bundle import Bundle
from exporter.manifest import Variant
from exporter.vectors import read_vectors
from exporter.verify.artifact import verify_bundle
from exporter.verify.record import FRAMES, RecordedSequence, recorded_sequence
from exporter.verify.sequence import follow, roll_out, roll_out_bundle

ONNX = Variant("onnx", "fp32")


@pytest.fixture(scope="module")
def recorded(trained_bundle: Bundle) -> RecordedSequence:
    manifest = trained_bundle.manifest
    return recorded_sequence(trained_bundle.path, manifest.sequence, manifest.model.image_size)


def test_the_manifest_holds_the_rollout_of_every_format(tracker_bundle):
    manifest = tracker_bundle.manifest
    (rollout,) = manifest.rollouts
    assert (rollout.format, rollout.status, len(rollout.mask_iou)) == ("onnx", "passed", FRAMES)
    assert min(rollout.mask_iou) >= 0.999
    assert max(rollout.max_abs) <= 1e-2
    assert set(rollout.ms) == {"encode_image", "prompt_points", "track_first", "track_step"}
    assert manifest.sequence.covering >= FRAMES // 2


def test_state_names_the_input_that_every_output_becomes(tracker_bundle):
    manifest = tracker_bundle.manifest
    step = tracker_bundle.graph("track_step")
    assert set(manifest.state.values()) == {spec.name for spec in step.inputs} - {"features"}
    shapes = {spec.name: spec.shape for spec in (*step.inputs, *step.outputs)}
    assert all(shapes[output] == shapes[given] for output, given in manifest.state.items())


def test_the_sequence_holds_frames_prompt_and_answers(tracker_bundle):
    given, expected = read_vectors(tracker_bundle.path / tracker_bundle.manifest.sequence.file)
    assert given["frames"].shape == (FRAMES, 64, 64, 3)
    assert given["points"].shape == (1, 2, 2)
    assert expected["mask_logits"].shape == (FRAMES, 1, 16, 16)


def test_a_bundle_can_be_followed_again(trained_bundle):
    (rollout,) = roll_out_bundle(trained_bundle, verify_bundle(trained_bundle))
    assert rollout.status == "passed"


def test_a_memory_that_drifts_fails_the_rollout(trained_bundle, recorded):
    runners = {graph.name: trained_bundle.runner("onnx", graph.name) for graph in trained_bundle.manifest.graphs}
    step = runners["track_step"]

    class Drifting:
        runtime = step.runtime

        def __call__(self, inputs):
            return step(inputs | {"memory": 0.9 * inputs["memory"]})

    followed = follow(ONNX, runners | {"track_step": Drifting()}, recorded)
    assert followed.rollout.status == "failed"
    assert "frame" in followed.rollout.detail
    assert (followed.masks != (recorded.expected["mask_logits"][:, 0] > 0)).any((1, 2))[2:].all()


def test_a_format_in_a_time_box_follows_two_frames_at_least_and_says_how_many(trained_bundle, recorded):
    runners = {graph.name: trained_bundle.runner("onnx", graph.name) for graph in trained_bundle.manifest.graphs}
    seen: list[tuple[int, int]] = []
    followed = follow(ONNX, runners, recorded, lambda done, count: seen.append((done, count)), seconds=0)
    rollout = followed.rollout
    assert (rollout.status, len(rollout.mask_iou), rollout.left_out) == ("passed", 2, FRAMES - 2)
    assert rollout.detail.startswith("2 of 24 frames agree with PyTorch")
    assert rollout.detail.endswith("; then its 0 s were up.")
    assert (len(followed.masks), seen) == (2, [(0, FRAMES), (1, FRAMES)])


def test_an_artefact_that_does_not_load_fails_the_rollout(trained_bundle, recorded, tmp_path):
    broken = tmp_path / "track_step.onnx"
    broken.write_bytes((trained_bundle.path / "onnx" / "track_step.onnx").read_bytes()[:1000])
    followed = roll_out(ONNX, lambda: {"track_step": backend("onnx").load(broken)}, recorded)
    assert followed.rollout.status == "failed"
    assert "do not run" in followed.rollout.detail
    assert len(followed.masks) == 0
