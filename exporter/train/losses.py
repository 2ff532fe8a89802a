"""What a tracker's answer in one frame is held to (arXiv 2408.00714 §D.2.1)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from exporter.models.efficienttam.decoder import Decoded

FOCAL, DICE = 20.0, 1.0
"""Weights of the two losses of a mask"""
_ALPHA, _GAMMA = 0.25, 2.0
"""Of the focal loss (arXiv 1708.02002 §3.2)."""


def frame_losses(decoded: Decoded, answer: Tensor, target: Tensor, in_sight: Tensor, alternatives: bool) -> Tensor:
    """Focal, dice, IoU and score losses, and the IoU of the answer [1, 1, h, w]: [5].

    Of three alternatives only the best is held to the target [1, 1, h, w], but each must know how good it is.
    """
    which = slice(1, None) if alternatives else slice(0, 1)
    masks, ious = decoded.masks[0, which].float().flatten(1), decoded.ious[0, which].float()
    truth = target.flatten(2)[0]
    focal, dice = focal_loss(masks, truth), dice_loss(masks, truth)
    right = overlap(masks, truth)
    best = F.one_hot((FOCAL * focal + DICE * dice).argmin(), len(masks)).float()
    score = F.binary_cross_entropy_with_logits(decoded.object_score[0, 0].float(), in_sight)
    return torch.stack(
        [
            (focal * best).sum(),
            (dice * best).sum(),
            (ious - right).abs().mean(),
            score,
            overlap(answer.flatten(2)[0], truth)[0],
        ]
    )


def overlap(logits: Tensor, truth: Tensor) -> Tensor:
    """IoU of masks, as logits [M, h * w], with a true one [1, h * w]: [M]."""
    inside, object_ = (logits > 0).float(), (truth > 0.5).float()
    return (inside * object_).sum(-1) / torch.maximum(inside, object_).sum(-1).clamp(min=1)


def focal_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Focal loss of mask logits [M, h * w] against shares in 0–1 [1, h * w], mean over the pixels: [M]."""
    truth = truth.expand_as(logits)
    likely = logits.sigmoid()
    entropy = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    weight = _ALPHA * truth + (1 - _ALPHA) * (1 - truth)
    return (weight * (likely - truth).abs() ** _GAMMA * entropy).mean(-1)


def dice_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Dice loss of the same: [M]."""
    likely = logits.sigmoid()
    return 1 - (2 * (likely * truth).sum(-1) + 1) / (likely.sum(-1) + truth.sum(-1) + 1)


def difference(found: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared, as a share of the variance of what is wanted."""
    return (found - wanted).float().square().mean() / wanted.float().var()
