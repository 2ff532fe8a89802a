"""The video algorithm in PyTorch follows the authors' predictor, frame by frame."""

from copy import deepcopy
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from exporter.models.efficienttam.layers import map_of
from exporter.models.efficienttam.model import NO_OBJECT_LOGIT, MaskPrediction
from exporter.models.efficienttam.reference import MaskPrompt, PointPrompt, prompt, track_all
from tests.exporter.models.efficienttam.official import SIZE, assert_golden, goldens, samples
from tests.golden_video import disc_centre, disc_masks


def click(frame: int, frames: int) -> PointPrompt:
    """One on the disc."""
    return PointPrompt(torch.tensor([[disc_centre(frame, frames, SIZE, SIZE)]]).float(), torch.ones(1, 1))


def masks(seen: dict[int, MaskPrediction]) -> Tensor:
    """Logits [frames, 128, 128]"""
    return torch.cat([seen[frame].mask_logits[0] for frame in sorted(seen)])


def ious(seen: dict[int, MaskPrediction]) -> Tensor:
    return torch.cat([seen[frame].iou[0] for frame in sorted(seen)])


def object_scores(seen: dict[int, MaskPrediction]) -> Tensor:
    """[frames, 1]"""
    return torch.cat([seen[frame].object_score for frame in sorted(seen)])


def pointers(seen: dict[int, MaskPrediction]) -> Tensor:
    """[frames, 256]"""
    return torch.cat([seen[frame].pointer for frame in sorted(seen)])


# Ten frames after a click


class Run(NamedTuple):
    seen: dict[int, MaskPrediction]
    fused: dict[int, Tensor]
    """Frame -> features after memory attention [1, 256, 32, 32]"""
    memories: list[Tensor]
    """Of every frame [1, 1024, 64]"""


@pytest.fixture(scope="module")
def video(model, video_features) -> Run:
    fused: list[Tensor] = []
    memories: list[Tensor] = []
    hooks = [
        module.register_forward_hook(lambda _module, _inputs, out, into=into: into.append(out))
        for module, into in ((model.memory_attention, fused), (model.memory_encoder, memories))
    ]
    seen = track_all(model, video_features(10), 10, {0: click(0, 10)})
    for hook in hooks:
        hook.remove()
    return Run(seen, dict(enumerate(fused, start=1)), memories)


def test_masks_of_ten_frames_are_official(video):
    assert_golden(masks(video.seen), "video_masks")


def test_the_predicted_iou_is_the_highest_of_three_on_every_frame(video):
    np.testing.assert_allclose(ious(video.seen), goldens()["video_ious"].max(1), rtol=0, atol=1e-4)


def test_object_scores_of_ten_frames_are_official(video):
    assert_golden(object_scores(video.seen), "video_object_score")


def test_object_pointers_of_ten_frames_are_official(video):
    assert_golden(pointers(video.seen), "video_obj_ptr", tolerance=1e-4)


def test_memories_of_ten_frames_are_official(video):
    ours = torch.stack([samples(map_of(memory, 32), channels=4) for memory in video.memories])
    assert_golden(ours, "video_memory_sub")


@pytest.mark.parametrize("frame", [1, 2, 9])
def test_features_that_know_the_memory_are_official(video, frame):
    assert_golden(samples(video.fused[frame]), f"video_fused_sub_{frame}", tolerance=1e-4)


def test_a_memory_in_single_precision_finds_the_masks_of_the_unmodified_predictor(video):
    # That one rounds memories to bfloat16, which is why its logits differ, but hardly where they are positive.
    ours, official = masks(video.seen).numpy() > 0, goldens()["video_bf16_masks"] > 0
    intersections, unions = (ours & official).sum((1, 2)), (ours | official).sum((1, 2))
    assert (intersections >= 0.995 * unions).all()


# Twenty frames: more than there are slots for memories and pointers


@pytest.fixture(scope="module")
def long(model, video_features) -> dict[int, MaskPrediction]:
    return track_all(model, video_features(20), 20, {0: click(0, 20)})


def test_masks_of_twenty_frames_are_official(long):
    assert_golden(masks(long)[:, ::2, ::2], "long_masks_half")


def test_ious_scores_and_pointers_of_twenty_frames_are_official(long):
    np.testing.assert_allclose(ious(long), goldens()["long_ious"].max(1), rtol=0, atol=1e-4)
    assert_golden(object_scores(long), "long_object_score")
    assert_golden(pointers(long)[:, ::8], "long_obj_ptr_sub", tolerance=1e-4)


# Two prompted frames, one of them in the future of those between them


@pytest.fixture(scope="module")
def prompted_twice(model, video_features) -> dict[int, MaskPrediction]:
    return track_all(model, video_features(6), 6, {0: click(0, 6), 3: click(3, 6)})


def test_two_prompted_frames_give_the_official_masks(prompted_twice):
    assert_golden(masks(prompted_twice), "two_cond_masks")


def test_two_prompted_frames_give_the_official_object_scores(prompted_twice):
    assert_golden(object_scores(prompted_twice), "two_cond_object_score")


# An object that is out of sight now and then, prompted by a mask


@pytest.fixture(scope="module")
def occluded(model, video_features) -> dict[int, MaskPrediction]:
    biased = deepcopy(model)
    biased.sam_mask_decoder.pred_obj_score_head.layers[2].bias += float(goldens()["occl_bias_shift"])
    mask = torch.from_numpy(disc_masks(6, SIZE, SIZE)[0])[None, None].float()
    return track_all(biased, video_features(6), 6, {0: MaskPrompt(mask)})


def test_a_mask_prompt_and_an_object_out_of_sight_give_the_official_masks(occluded):
    assert_golden(masks(occluded), "occl_masks")


def test_an_object_out_of_sight_has_no_mask_and_the_pointer_of_none(model, occluded):
    hidden = [seen for seen in occluded.values() if seen.object_score <= 0]
    assert len(hidden) == 2
    for seen in hidden:
        assert (seen.mask_logits == NO_OBJECT_LOGIT).all()
        assert torch.equal(seen.pointer, model.no_obj_ptr)


def test_an_object_out_of_sight_has_the_official_score_and_pointer(occluded):
    assert_golden(object_scores(occluded), "occl_object_score")
    assert_golden(pointers(occluded), "occl_obj_ptr", tolerance=1e-4)


def test_the_pointer_of_a_mask_is_decoded_from_features_that_know_of_no_memory_not_even_its_absence(
    model, first_features
):
    # On the goldens' only frame with a mask the decoder sees no object, so that they do not tell.
    mask = torch.from_numpy(disc_masks(6, SIZE, SIZE)[0])[None, None].float()
    encoder = model.sam_prompt_encoder
    image = first_features + encoder.mask(model.mask_downsample(mask))
    decoded = model.sam_mask_decoder(image, encoder.dense_positions(), encoder.no_points())
    assert decoded.object_score > 0
    pointer = prompt(model, first_features, MaskPrompt(mask)).prediction.pointer
    torch.testing.assert_close(pointer, model.obj_ptr_proj(decoded.tokens[:, 0]))
