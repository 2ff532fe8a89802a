"""Losses of one frame, against values worked out by hand."""

from math import log

import pytest
import torch

from exporter.models.efficienttam.decoder import Decoded
from exporter.train.losses import dice_loss, focal_loss, frame_losses, overlap

SURE = 50.0
TRUTH = torch.tensor([[1.0, 0.0, 0.0, 0.0]])


def test_focal_loss_of_undecided_pixels():
    """Each has the likelihood 1/2: its entropy is log 2, of which the focal weight leaves a quarter."""
    expected = (0.25 + 3 * 0.75) / 4 * 0.25 * log(2)
    assert focal_loss(torch.zeros(1, 4), TRUTH).item() == pytest.approx(expected)


def test_dice_loss_of_two_pixels_of_which_one_is_right():
    logits = SURE * torch.tensor([[1.0, 1.0, -1.0, -1.0]])
    assert dice_loss(logits, TRUTH).item() == pytest.approx(1 - (2 * 1 + 1) / (2 + 1 + 1))
    assert overlap(logits, TRUTH).item() == pytest.approx(0.5)


def test_what_is_right_costs_nothing():
    logits = SURE * (2 * TRUTH - 1)
    assert focal_loss(logits, TRUTH).item() == pytest.approx(0, abs=1e-6)
    assert dice_loss(logits, TRUTH).item() == pytest.approx(0, abs=1e-6)


@pytest.fixture
def decoded() -> Decoded:
    """A single mask that is wrong, and three alternatives of which the second is right; all claim an IoU of 0.8."""
    wrong, right = -SURE * (2 * TRUTH - 1), SURE * (2 * TRUTH - 1)
    masks = torch.cat([wrong, wrong, right, wrong])[None].unflatten(-1, (2, 2))
    return Decoded(masks, torch.full((1, 4), 0.8), torch.zeros(1, 4, 8), torch.tensor([[0.0]]))


def test_only_the_best_of_three_alternatives_is_held_to_the_target_and_each_to_its_iou(decoded):
    target, answer = TRUTH.view(1, 1, 2, 2), decoded.masks[:, 2:3]
    focal, dice, iou, score, agreement = frame_losses(decoded, answer, target, torch.tensor(1.0), True).tolist()
    assert (focal, dice) == pytest.approx((0, 0), abs=1e-6)
    assert iou == pytest.approx((0.8 + 0.2 + 0.8) / 3)
    assert score == pytest.approx(log(2))
    assert agreement == 1


def test_without_alternatives_the_single_mask_is(decoded):
    target, answer = TRUTH.view(1, 1, 2, 2), decoded.masks[:, :1]
    focal, dice, iou, _, agreement = frame_losses(decoded, answer, target, torch.tensor(0.0), False).tolist()
    assert focal > 1
    assert dice > 0.5
    assert iou == pytest.approx(0.8)
    assert agreement == 0
