"""Following objects with a bundle's artefacts, and with the model in PyTorch."""

import numpy as np
import pytest
from PIL import Image

import exporter
from exporter.errors import BundleError, ImageError, PromptError
from exporter.inference.prompts import Prompt
from exporter.inference.steps import ReferenceSteps
from exporter.inference.tracker import follow_all
from exporter.media.sample_clip import sample_click, sample_clip
from exporter.models.registry import create_model
from exporter.models.weights.loading import seed_weights
from tests.models import small_tracker

FRAMES = 12
CLIP, MASKS = sample_clip(FRAMES, 90, 120)
CLICK = sample_click(MASKS)


@pytest.fixture(scope="module")
def model():
    tracker = create_model("efficienttam_ti_2_512x512", 64)
    seed_weights(tracker)
    return tracker


def follow(tracker, frames=CLIP, **prompt):
    first = tracker.prompt(frames[0], **prompt)
    return [first, *(tracker.track(frame) for frame in frames[1:])]


@pytest.mark.parametrize(
    ("frames", "prompt"),
    [
        (FRAMES, {"points": [CLICK], "labels": [1]}),  # until the oldest frame is forgotten
        (4, {"points": [(2, 2), CLICK], "labels": [0, 1]}),
        (4, {"box": (30, 20, 80, 70)}),
        (4, {"mask": MASKS[0]}),
    ],
    ids=["point", "two points", "box", "mask"],
)
def test_artefacts_follow_an_object_as_the_model_does(tracker_bundle, model, frames, prompt):
    expected = follow(exporter.open_tracker(model), CLIP[:frames], **prompt)
    actual = follow(exporter.open_tracker(tracker_bundle, format="onnx"), CLIP[:frames], **prompt)
    for a, b in zip(expected, actual, strict=True):
        assert np.abs(a.mask_logits - b.mask_logits).max() < 1e-2
        assert (a.iou, a.object_score) == pytest.approx((b.iou, b.object_score), abs=1e-3)


def test_masks_have_the_size_asked_for(tracker_bundle):
    result = exporter.open_tracker(tracker_bundle.path).prompt(CLIP[0], points=[CLICK], labels=[1])
    assert result.mask_logits.shape == (1, 16, 16)
    assert result.mask(90, 120).shape == (90, 120)
    assert result.mask(90, 120).dtype == bool


def test_a_new_prompt_starts_the_object_anew(tracker_bundle):
    tracker = exporter.open_tracker(tracker_bundle)
    first, again = (follow(tracker, CLIP[:4], points=[CLICK], labels=[1]) for _ in range(2))
    assert all(np.array_equal(a.mask_logits, b.mask_logits) for a, b in zip(first, again, strict=True))


def test_nothing_is_tracked_before_a_prompt(tracker_bundle):
    with pytest.raises(PromptError, match="nothing to track yet"):
        exporter.open_tracker(tracker_bundle).track(CLIP[0])


def test_a_classifier_is_no_tracker(bundles):
    with pytest.raises(BundleError, match="mobilevit_xxs, which is no tracker"):
        exporter.open_tracker(bundles["mobilevit"])


def test_objects_are_independent_and_share_the_features(model):
    prompts = [Prompt(points=[CLICK], labels=[1]), Prompt(box=(5, 5, 60, 60))]
    together = [followed.results for followed in follow_all(ReferenceSteps(model), CLIP[:4], prompts)]
    for index, prompt in enumerate(prompts):
        alone = [followed.results[0] for followed in follow_all(ReferenceSteps(model), CLIP[:4], [prompt])]
        for a, b in zip(alone, together, strict=True):
            assert np.array_equal(a.mask_logits, b[index].mask_logits)


def test_the_streaming_reference_is_the_official_algorithm_for_one_prompt():
    tracker = small_tracker()
    whole = exporter.track_video(tracker, CLIP, {0: {"points": [CLICK], "labels": [1]}})
    streamed = follow(exporter.open_tracker(tracker), points=[CLICK], labels=[1])
    assert list(whole) == list(range(FRAMES))
    assert all(np.array_equal(whole[i].mask_logits, streamed[i].mask_logits) for i in whole)


def test_a_second_prompt_in_the_future_changes_the_frames_before_it():
    tracker = small_tracker()
    first = Prompt(points=[CLICK], labels=[1])
    one = exporter.track_video(tracker, CLIP[:5], {0: first})
    two = exporter.track_video(tracker, CLIP[:5], {0: first, 4: Prompt(mask=MASKS[4])})
    assert np.array_equal(one[0].mask_logits, two[0].mask_logits)
    assert not np.allclose(one[1].mask_logits, two[1].mask_logits, atol=1e-3)


@pytest.mark.parametrize("prompts", [{}, {12: Prompt(points=[CLICK], labels=[1])}])
def test_prompts_belong_to_frames_of_the_video(model, prompts):
    with pytest.raises(PromptError, match="of which there are 12"):
        exporter.track_video(model, CLIP, prompts)


@pytest.mark.parametrize(
    "frame", [np.zeros((8, 8, 3), np.float32), np.zeros((3, 8, 8), np.uint8), Image.new("RGB", (8, 8))]
)
def test_what_is_no_frame_is_refused(tracker_bundle, frame):
    with pytest.raises(ImageError, match=r"RGB array of uint8, \[height, width, 3\]"):
        exporter.open_tracker(tracker_bundle, format="onnx").prompt(frame, points=[[1, 1]], labels=[1])
