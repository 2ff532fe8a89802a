"""Where a tracker's sequence is prompted, so that what follows measures artefacts and not chaos.

A prompted frame is remembered by the sign of its mask, pixel by pixel. With seeded weights one pixel at the edge of
zero changes sign with the last bit of a float, and from some clicks the memory makes chaos of any rounding. So seeded
weights are prompted where that does least harm; `benchmarks/prompt_choice.py` found such places for the models of
512 pixels, and they are kept as data. A trained tracker is prompted at the middle of the object.
"""

from __future__ import annotations

import copy
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from exporter.inference.prompts import Prompt, model_frame
from exporter.inference.steps import ReferenceSteps
from exporter.inference.tracker import start
from exporter.media.sample_clip import sample_click, sample_clip
from exporter.verify.parity import mask_iou

if TYPE_CHECKING:
    from exporter.media.images import Pixels
    from exporter.models.efficienttam import EfficientTAM

STABLE_IOU = 0.985
"""IoU of masks with rounded and with exact weights from which on a click is good enough to end the search."""


@dataclass(frozen=True)
class PromptChoice:
    """The first frame's click, and the frames on which the other kinds of prompts are given."""

    click: tuple[int, int]
    """(x, y) in pixels of the size x size frame; the object is followed from there."""
    point_frame: int = 0
    box_frame: int = 0
    points_frame: int = 0


@dataclass(frozen=True)
class Search:
    """How thoroughly to look for a choice."""

    clicks: int
    """Points on the object whose margin is measured"""
    tried: int
    """How many of them, those of the largest margin first, are followed"""
    frames: int
    """Frames that they are followed for, and on which the other prompts are tried"""


QUICK = Search(clicks=16, tried=3, frames=8)
"""For an export of seeded weights that are not in the table."""


def prompt_choice(name: str, model: EfficientTAM, trained: bool) -> PromptChoice:
    """Where to prompt the registered model `name` on the sample clip."""
    _, masks = sample_clip(1, model.image_size, model.image_size)
    if trained:
        return PromptChoice(sample_click(masks))
    return known_choices().get((name, model.image_size)) or searched_choice(model, QUICK)


@cache
def known_choices() -> dict[tuple[str, int], PromptChoice]:
    """(model, image size) -> the choice for its seeded weights, as `benchmarks/prompt_choice.py` found it."""
    text = (resources.files("exporter") / "data" / "prompt_choices.csv").read_text(encoding="utf-8")
    return {
        (row["model"], int(row["image_size"])): PromptChoice(
            (int(row["x"]), int(row["y"])),
            *(int(row[f"{kind}_frame"]) for kind in ("point", "box", "points")),
        )
        for row in csv.DictReader(text.splitlines())
    }


def searched_choice(model: EfficientTAM, search: Search) -> PromptChoice:
    """Prompts of large margin after which a tracker with weights in half precision sees the same."""
    size = model.image_size
    frames, masks = sample_clip(search.frames, size, size)
    exact, rounded = _Seen(model, frames), _Seen(_rounded(model), frames)

    def safety(number: int, prompt: Prompt) -> tuple[bool, float]:
        """Whether rounding leaves the mask as it is, and how large its margin is."""
        mask, other = exact.prompted(number, prompt), rounded.prompted(number, prompt)
        return mask_iou(mask > 0, other > 0) >= STABLE_IOU, margin(mask, size)

    clicks = sorted(map(click, _points_on(masks[0], search.clicks)), key=lambda one: safety(0, one), reverse=True)
    point, box, points = (
        max(range(0, search.frames, 3), key=lambda number: safety(number, kind(masks[number])))
        for kind in (middle_of, box_around, points_of_all_kinds)
    )
    x, y = _most_stable(exact, rounded, clicks[: search.tried]).points[0]
    return PromptChoice((int(x), int(y)), point, box, points)


def _rounded(model: EfficientTAM) -> EfficientTAM:
    """A copy of a model with its weights rounded to half precision."""
    rounded = copy.deepcopy(model)
    for tensor in rounded.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(tensor.half())
    return rounded


class _Seen:
    """What the official algorithm sees in a clip, as logits [1, S/4, S/4]."""

    def __init__(self, model: EfficientTAM, frames: list[Pixels]) -> None:
        self._steps, self._frames = ReferenceSteps(model), frames
        self._features = [self._steps.encode(model_frame(frame, model.image_size)) for frame in frames]

    def prompted(self, number: int, prompt: Prompt) -> NDArray[np.float32]:
        """The object that is prompted in a frame."""
        result, _ = start(self._steps, self._frames[number], prompt, self._features[number])
        return result.mask_logits

    def followed(self, prompt: Prompt) -> Iterator[NDArray[np.float32]]:
        """The object that is prompted in the first frame, frame after frame."""
        result, state = start(self._steps, self._frames[0], prompt, self._features[0])
        yield result.mask_logits
        for known in self._features[1:]:
            result, state = self._steps.follow(known, state)
            yield result.mask_logits


def _most_stable(exact: _Seen, rounded: _Seen, clicks: Sequence[Prompt]) -> Prompt:
    """The click after which the two trackers see most alike, in their worst frame."""
    best, most = clicks[0], -1.0
    for prompt in clicks:
        least = 1.0
        for mask, other in zip(exact.followed(prompt), rounded.followed(prompt), strict=True):
            least = min(least, mask_iou(mask > 0, other > 0))
            if least <= most:
                break
        if least > most:
            best, most = prompt, least
        if most >= STABLE_IOU:
            break
    return best


def margin(mask_logits: NDArray[np.float32], size: int) -> float:
    """How near to zero a mask's logits [1, S/4, S/4] come once they are enlarged to size x size."""
    return float(F.interpolate(torch.from_numpy(mask_logits)[None], (size, size), mode="bilinear").abs().min())


def _points_on(mask: NDArray[np.bool_], count: int) -> list[tuple[int, int]]:
    """x and y of pixels all over a mask."""
    y, x = np.nonzero(mask)
    places = np.linspace(0, len(x) - 1, count).astype(int)
    return [(int(x[place]), int(y[place])) for place in places]


def click(point: tuple[int, int]) -> Prompt:
    """One point on the object."""
    return Prompt(points=[point], labels=[1])


def middle_of(mask: NDArray[np.bool_]) -> Prompt:
    """A point in the middle of an object."""
    return click(sample_click(mask[None]))


def box_around(mask: NDArray[np.bool_]) -> Prompt:
    """The box of an object."""
    rows, columns = np.nonzero(mask)
    return Prompt(box=[float(edge) for edge in (columns.min(), rows.min(), columns.max(), rows.max())])


def points_of_all_kinds(mask: NDArray[np.bool_]) -> Prompt:
    """As many as the graph takes: a corner of the picture that is background, the object, and its box."""
    return Prompt(points=[(1, 1), *middle_of(mask).points], labels=[0, 1], box=box_around(mask).box)
