"""A tracker is verified as a whole: a sequence through the artefacts, frame by frame against PyTorch."""

from exporter.backends import onnx
from exporter.bundle import read_vectors
from exporter.rollout import FRAMES, follow, least_logit, roll_out, roll_out_bundle
from exporter.verify import verify_bundle


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
    assert given["points"].shape == (1, 1, 2)
    assert expected["mask_logits"].shape == (FRAMES, 1, 16, 16)


def test_a_bundle_can_be_followed_again(tracker_bundle):
    (rollout,) = roll_out_bundle(tracker_bundle, verify_bundle(tracker_bundle))
    assert rollout.status == "passed"


def test_a_memory_that_drifts_fails_the_rollout(tracker_bundle):
    runners = {graph.name: tracker_bundle.runner("onnx", graph.name) for graph in tracker_bundle.manifest.graphs}
    step = runners["track_step"]

    class Drifting:
        runtime = step.runtime

        def __call__(self, inputs):
            return step(inputs | {"memory": 0.9 * inputs["memory"]})

    sequence = tracker_bundle.manifest.sequence
    vectors = read_vectors(tracker_bundle.path / sequence.file)
    followed = follow("onnx", "fp32", runners | {"track_step": Drifting()}, 64, sequence, vectors)
    assert followed.rollout.status == "failed"
    assert "frame" in followed.rollout.detail
    assert (followed.masks != (vectors[1]["mask_logits"][:, 0] > 0)).any((1, 2))[2:].all()


def test_a_format_in_a_time_box_follows_two_frames_at_least_and_says_how_many(tracker_bundle, monkeypatch):
    monkeypatch.setattr(onnx, "SECONDS", 0.0)
    runners = {graph.name: tracker_bundle.runner("onnx", graph.name) for graph in tracker_bundle.manifest.graphs}
    sequence, seen = tracker_bundle.manifest.sequence, []
    vectors = read_vectors(tracker_bundle.path / sequence.file)
    followed = follow("onnx", "fp32", runners, 64, sequence, vectors, lambda done, count: seen.append((done, count)))
    rollout = followed.rollout
    assert (rollout.status, len(rollout.mask_iou), rollout.left_out) == ("passed", 2, FRAMES - 2)
    assert rollout.detail.startswith("2 of 24 frames agree with PyTorch")
    assert rollout.detail.endswith("; then its 0 s were up.")
    assert (len(followed.masks), seen) == (2, [(0, FRAMES), (1, FRAMES)])


def test_an_artefact_that_does_not_load_fails_the_rollout(tracker_bundle, tmp_path):
    files = {a.graph: tracker_bundle.path / a.file for a in tracker_bundle.manifest.artifacts}
    broken = tmp_path / "track_step.onnx"
    broken.write_bytes(files["track_step"].read_bytes()[:1000])
    sequence = tracker_bundle.manifest.sequence
    followed = roll_out("onnx", "fp32", files | {"track_step": broken}, 64, sequence, tracker_bundle.path)
    assert followed.rollout.status == "failed"
    assert "do not run" in followed.rollout.detail
    assert len(followed.masks) == 0


def test_no_pixel_of_a_prompts_mask_is_in_doubt(tracker_bundle):
    _, expected = tracker_bundle.vectors("prompt_points")
    assert all(least_logit(logits[0], 64) > 1e-4 for logits in expected["mask_logits"])
    _, sequence = read_vectors(tracker_bundle.path / tracker_bundle.manifest.sequence.file)
    assert least_logit(sequence["mask_logits"][0], 64) > 1e-4
