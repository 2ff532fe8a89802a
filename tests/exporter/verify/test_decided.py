"""Prompts of the recorded sequence leave no pixel of their masks to be decided by rounding."""

import pytest

from exporter.inference.prompts import Prompt, model_frame
from exporter.inference.steps import ReferenceSteps
from exporter.media.sample_clip import crossing_clip
from exporter.verify import decided as module
from exporter.verify.decided import DECIDED, decided, distance_from_zero
from exporter.verify.record import FRAMES, prompts_of
from tests.models import small_tracker


@pytest.fixture(scope="module")
def model():
    return small_tracker()


@pytest.fixture(scope="module")
def prompted(model):
    """(features, prompt) of each prompt of the sequence, as a person would give it."""
    size, steps = model.image_size, ReferenceSteps(model)
    frames, masks = crossing_clip(FRAMES, size, size)
    return [
        (steps.encode(model_frame(frames[number], size)), prompt)
        for number, given in prompts_of(masks).items()
        for prompt in given.values()
    ]


def test_masks_of_the_sequences_prompts_are_decided(model, prompted):
    for features, prompt in prompted:
        assert distance_from_zero(model, features, decided(model, features, prompt)) >= DECIDED


def test_a_prompt_whose_mask_is_decided_stays_where_it_is(model, prompted):
    settled = [(features, decided(model, features, prompt)) for features, prompt in prompted]
    assert all(decided(model, features, prompt) == prompt for features, prompt in settled)


def test_where_no_move_is_enough_it_is_the_one_that_comes_nearest(model, prompted, monkeypatch):
    monkeypatch.setattr(module, "DECIDED", float("inf"))
    for features, prompt in prompted:
        nearest = distance_from_zero(model, features, decided(model, features, prompt))
        assert nearest >= distance_from_zero(model, features, prompt)


def test_only_the_box_or_the_first_point_moves(model, prompted, monkeypatch):
    monkeypatch.setattr(module, "_MOVES", [(2, 1)])
    for features, prompt in prompted:
        moved = decided(model, features, prompt)
        if prompt.box is not None:
            assert moved == Prompt(box=[edge + by for edge, by in zip(prompt.box, (2, 1, 2, 1), strict=True)])
        else:
            (x, y), *others = prompt.points
            assert moved.points == [(x + 2, y + 1), *others]
            assert moved.labels == prompt.labels
