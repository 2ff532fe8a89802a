"""Prompts whose masks are decided: no pixel of theirs is so near zero that rounding changes its sign.

A prompted frame is remembered by the sign of each pixel. One that two runtimes round to different signs is nobody's
fault, and weights that are not trained make much of it: their masks have edges everywhere.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import torch

from exporter.inference.prompts import Prompt
from exporter.models.efficienttam.reference import PointPrompt, prompted

if TYPE_CHECKING:
    from exporter.models.efficienttam import EfficientTAM

DECIDED = 1e-4
"""Least distance from zero. Runtimes in single precision differ by a tenth of it."""

_MOVES = sorted(product(range(5), repeat=2), key=sum)
"""Pixels to the right and down, the shortest first"""


def decided(model: EfficientTAM, features: torch.Tensor, prompt: Prompt) -> Prompt:
    """A prompt of points or a box, moved by as few pixels as it takes until its mask is decided.

    It is in pixels of the model's image, as `features` [1, C, g, g] are of it. Where no move is enough it is the one of
    which the mask is nearest to that. Points beside the object, and further ones on it, stay.
    """
    nearest, most = prompt, -1.0
    for right, down in _MOVES:
        moved = _moved(prompt, right, down)
        distance = distance_from_zero(model, features, moved)
        if distance > most:
            nearest, most = moved, distance
        if distance >= DECIDED:
            break
    return nearest


def distance_from_zero(model: EfficientTAM, features: torch.Tensor, prompt: Prompt) -> float:
    """Of the pixel of the prompt's mask that is nearest to zero, at the size at which masks are remembered."""
    size = model.image_size
    points, labels = map(torch.from_numpy, prompt.model_points(size, size, size))
    with torch.inference_mode():
        seen = prompted(model, features, PointPrompt(points, labels))
        return float(model.full_size(seen.mask_logits).abs().min())


def _moved(prompt: Prompt, right: int, down: int) -> Prompt:
    if prompt.box is not None:
        left, top, end, bottom = prompt.box
        return replace(prompt, box=[left + right, top + down, end + right, bottom + down])
    (x, y), *others = prompt.points
    return replace(prompt, points=[(x + right, y + down), *others])
