"""Where a tracker's sequence is prompted: looked up or searched for seeded weights, in the middle for trained ones."""

import copy
from functools import cache

import numpy as np
import pytest

from exporter.inference.prompts import Prompt
from exporter.inference.steps import ReferenceSteps
from exporter.inference.tracker import start
from exporter.media.sample_clip import sample_click, sample_clip
from exporter.models.efficienttam import EfficientTAM
from exporter.models.efficienttam.config import EfficientTAMConfig
from exporter.models.registry import MODELS
from exporter.models.weights.loading import seed_weights
from exporter.verify.parity import mask_iou
from exporter.verify.prompt_choice import (
    QUICK,
    STABLE_IOU,
    PromptChoice,
    box_around,
    click,
    known_choices,
    margin,
    middle_of,
    points_of_all_kinds,
    prompt_choice,
    searched_choice,
)
from tests.models import small_tracker


@cache
def never_run(image_size: int) -> EfficientTAM:
    """A tracker of that size that fails if anybody searches with it."""
    model = EfficientTAM(EfficientTAMConfig(16, 1, image_size, depth=1, global_blocks=(0,), memory_layers=1))

    def refuse(*_: object) -> None:
        raise AssertionError("the model was run")

    model.register_forward_pre_hook(refuse)
    return model


@cache
def searched() -> tuple[EfficientTAM, PromptChoice]:
    """A tracker, and the choice that a search in it comes to."""
    model = small_tracker()
    return model, searched_choice(model, QUICK)


@pytest.mark.parametrize("name", ["efficienttam_ti_2_512x512", "a model of somebody else's"])
def test_a_trained_model_is_prompted_in_the_middle_without_a_search(name):
    choice = prompt_choice(name, never_run(512), trained=True)
    _, masks = sample_clip(1, 512, 512)
    assert choice.click == sample_click(masks)
    assert (choice.point_frame, choice.box_frame, choice.points_frame) == (0, 0, 0)


def test_a_seeded_model_in_the_table_is_not_searched():
    for (name, size), choice in known_choices().items():
        assert prompt_choice(name, never_run(size), trained=False) == choice
    assert ("efficienttam_ti_2_512x512", 512) in known_choices()


def test_an_unknown_seeded_model_is_searched_and_the_choice_is_the_same_each_time():
    model, choice = searched()
    assert prompt_choice("unknown", model, trained=False) == choice
    with pytest.raises(AssertionError, match="the model was run"):
        prompt_choice("unknown", never_run(160), trained=False)


def test_the_table_names_registered_models_and_places_in_their_frames():
    for (name, size), choice in known_choices().items():
        assert name in MODELS
        _, masks = sample_clip(1, size, size)
        x, y = choice.click
        assert masks[0, y, x], f"{name}: not on the object"


def in_half_precision(model: EfficientTAM) -> EfficientTAM:
    """The same weights, each the nearest half-precision number."""
    rounded = copy.deepcopy(model)
    rounded.load_state_dict({name: tensor.half().float() for name, tensor in model.state_dict().items()})
    return rounded


def test_a_search_prompts_where_rounding_changes_least_and_the_margin_is_largest():
    model, choice = searched()
    size, kinds = model.image_size, (middle_of, box_around, points_of_all_kinds)
    frames, masks = sample_clip(QUICK.frames, size, size)

    def seen(model: EfficientTAM, number: int, prompt: Prompt) -> np.ndarray:
        return start(ReferenceSteps(model), frames[number], prompt)[0].mask_logits

    def safety(number: int, prompt: Prompt) -> tuple[bool, float]:
        mask, other = seen(model, number, prompt), seen(in_half_precision(model), number, prompt)
        return mask_iou(mask > 0, other > 0) >= STABLE_IOU, margin(mask, size)

    for kind, chosen in zip(kinds, (choice.point_frame, choice.box_frame, choice.points_frame), strict=True):
        assert chosen == max(range(0, QUICK.frames, 3), key=lambda number: safety(number, kind(masks[number])))
    assert masks[0][choice.click[::-1]]
    assert safety(0, click(choice.click)) > safety(0, middle_of(masks[0]))


def test_a_search_avoids_a_prompt_after_which_rounding_makes_another_mask_win():
    model = EfficientTAM(EfficientTAMConfig(96, 1, 112, depth=2, global_blocks=(1,), window=6, memory_layers=1))
    seed_weights(model.eval().requires_grad_(False))
    frames, masks = sample_clip(QUICK.frames, 112, 112)
    boxes = {number: box_around(masks[number]) for number in range(0, QUICK.frames, 3)}
    logits = {number: start(ReferenceSteps(model), frames[number], box)[0].mask_logits for number, box in boxes.items()}
    tempting = max(boxes, key=lambda number: margin(logits[number], 112))
    other = start(ReferenceSteps(in_half_precision(model)), frames[tempting], boxes[tempting])[0].mask_logits
    assert mask_iou(logits[tempting] > 0, other > 0) < 0.6
    assert searched_choice(model, QUICK).box_frame != tempting


def test_the_margin_is_the_least_logit_of_the_enlarged_mask():
    logits = np.array([[[4.0, -4.0], [4.0, -4.0]]], np.float32)
    assert margin(logits, 2) == 4
    assert margin(logits, 8) == 1  # 3/8 of the way from one pixel's middle to the next
    assert margin(np.full((1, 2, 2), -3.0, np.float32), 8) == 3
