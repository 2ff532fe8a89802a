"""Where a tracker's sequence is prompted: looked up or searched for seeded weights, in the middle for trained ones."""

from functools import cache

import numpy as np
import pytest

from exporter.inference.prompts import Prompt, model_frame
from exporter.inference.steps import ReferenceSteps
from exporter.inference.tracker import start
from exporter.media.sample_clip import sample_click, sample_clip
from exporter.models.efficienttam import EfficientTAM
from exporter.models.efficienttam.config import EfficientTAMConfig
from exporter.models.registry import MODELS
from exporter.verify.prompt_choice import (
    QUICK,
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


def test_a_search_prompts_where_the_margin_is_largest():
    model, choice = searched()
    size, steps = model.image_size, ReferenceSteps(model)
    frames, masks = sample_clip(QUICK.frames, size, size)
    candidates = range(0, QUICK.frames, 3)
    features = {number: steps.encode(model_frame(frames[number], size)) for number in candidates}

    def margin_of(number: int, prompt: Prompt) -> float:
        result, _ = start(steps, frames[number], prompt, features[number])
        return margin(result.mask_logits, size)

    for kind, chosen in (
        (middle_of, choice.point_frame),
        (box_around, choice.box_frame),
        (points_of_all_kinds, choice.points_frame),
    ):
        assert chosen == max(candidates, key=lambda number: margin_of(number, kind(masks[number])))
    assert masks[0][choice.click[::-1]]
    assert margin_of(0, click(choice.click)) > margin_of(0, middle_of(masks[0]))


def test_the_margin_is_the_least_logit_of_the_enlarged_mask():
    logits = np.array([[[4.0, -4.0], [4.0, -4.0]]], np.float32)
    assert margin(logits, 2) == 4
    assert margin(logits, 8) == 1  # 3/8 of the way from one pixel's middle to the next
    assert margin(np.full((1, 2, 2), -3.0, np.float32), 8) == 3
