"""Prompts: what makes one, and how it is said in the model's coordinates."""

import numpy as np
import pytest

from exporter.errors import PromptError
from exporter.inference.prompts import Prompt, model_frame, model_mask, numbers_of

WIDTH, HEIGHT = 200, 100


@pytest.mark.parametrize(
    ("prompt", "complaint"),
    [
        (Prompt(), "no prompt"),
        (Prompt(points=[(1, 1)]), "1 points and 0 labels"),
        (Prompt(points=[(1, 1)], labels=[2]), "label of a point"),
        (Prompt(points=[(1, 1)], labels=[0]), "No point is on the object"),
        (Prompt(points=[(201, 1)], labels=[1]), r"\(201, 1\) is outside the frame, which is 200 x 100"),
        (Prompt(points=[(1, -1)], labels=[1]), "outside the frame"),
        (Prompt(box=(10, 10, 10, 50)), "left < right"),
        (Prompt(box=(10, 10, 20, 101)), "outside the frame"),
        (Prompt(points=[(1, 1)] * 3, labels=[1] * 3, box=(1, 1, 2, 2)), "at most 4 points"),
        (Prompt(mask=np.ones((200, 100), bool)), "100 x 200 pixels and the frame 200 x 100"),
        (Prompt(mask=np.zeros((100, 200), bool)), "marks no pixel"),
        (Prompt(points=[(1, 1)], labels=[1], mask=np.ones((100, 200), bool)), "a mask, or points"),
    ],
)
def test_what_makes_no_prompt_is_refused_in_a_sentence(prompt, complaint):
    with pytest.raises(PromptError, match=complaint):
        prompt.check(WIDTH, HEIGHT)


@pytest.mark.parametrize(
    "prompt",
    [
        Prompt(points=[(0, 0), (200, 100)], labels=[1, 0]),
        Prompt(points=[(5, 5)], labels=[0], box=(0, 0, 200, 100)),
        Prompt(mask=np.eye(100, 200, dtype=bool)),
    ],
)
def test_prompts_within_the_frame_are_taken(prompt):
    prompt.check(WIDTH, HEIGHT)


def test_points_are_scaled_to_the_model_and_a_box_comes_first():
    prompt = Prompt(points=[(100, 50)], labels=[1], box=(20, 10, 40, 30))
    points, labels = prompt.model_points(WIDTH, HEIGHT, 64)
    assert np.allclose(points, [[[6.4, 6.4], [12.8, 19.2], [32, 32]]])
    assert labels.tolist() == [[2, 3, 1]]


@pytest.mark.parametrize(
    "prompt",
    [
        Prompt(points=[[5.0, 6.0]], labels=[1]),
        Prompt(box=[1.0, 2.0, 30.0, 40.0]),
        Prompt(points=[[5.0, 6.0], [7.0, 8.0]], labels=[0, 1], box=[1.0, 2.0, 30.0, 40.0]),
    ],
    ids=["a point", "a box", "points and a box"],
)
def test_a_prompt_is_told_from_the_points_that_a_model_is_given(prompt):
    points, labels = prompt.model_points(64, 64, 64)
    again = Prompt.of_model_points(points, labels)
    assert (list(again.points), list(again.labels), again.box) == (list(prompt.points), list(prompt.labels), prompt.box)


def test_a_prompt_may_be_given_by_its_fields():
    assert Prompt.of({"points": [(1, 2)], "labels": [1]}) == Prompt(points=[(1, 2)], labels=[1])


def test_a_mask_becomes_zeros_and_ones_of_the_models_size():
    mask = np.zeros((100, 200), bool)
    mask[:, :100] = True
    resized = model_mask(mask, 64)
    assert resized.shape == (1, 1, 64, 64)
    assert (resized[..., :31] == 1).all()
    assert (resized[..., 33:] == 0).all()


def test_a_frame_is_resized_as_a_whole():
    frame = np.zeros((100, 200, 3), np.uint8)
    frame[:, 190:] = 255
    image = model_frame(frame, 64)
    assert image.shape == (1, 3, 64, 64)
    assert image[0, 0, :, -1].min() == 255


def test_a_mask_of_which_nothing_is_left_in_the_model_s_size_is_refused():
    mask = np.zeros((400, 400), bool)
    mask[7, 7] = True
    with pytest.raises(PromptError, match="of 1 pixels, is too small for a model of 64 x 64 pixels"):
        model_mask(mask, 64)
    assert not model_mask(np.zeros((400, 400), bool), 64).any()


@pytest.mark.parametrize(
    ("given", "numbers"),
    [([None], [1]), ([None, None], [1, 2]), ([5, 2], [5, 2]), ([1, 1], [1, 2]), ([7, None], [1, 2])],
)
def test_objects_keep_their_own_numbers_if_each_has_one(given, numbers):
    assert numbers_of([Prompt(points=[(1, 1)], labels=[1], number=number) for number in given]) == numbers
