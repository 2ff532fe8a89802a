"""What a user points at, checked, and said in the model's coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from exporter.budgets import MASKS, OBJECTS
from exporter.errors import PromptError
from exporter.media.images import Pixels, to_input
from exporter.models.point_labels import ABSENT, BACKGROUND, BOTTOM_RIGHT, FOREGROUND, MOST_POINTS, TOP_LEFT

if TYPE_CHECKING:
    Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Prompt:
    """Where an object is in one frame: points, a box, both, or a mask."""

    points: Sequence[Sequence[float]] = ()
    """(x, y) in pixels of the frame"""
    labels: Sequence[float] = ()
    """1 on the object, 0 beside it; one for each point"""
    box: Sequence[float] | None = None
    """(left, top, right, bottom) in pixels of the frame"""
    mask: NDArray[np.bool_] | None = None
    """[H, W], the size of the frame"""
    number: int | None = None
    """What the object is called in masks, from 1 to 255, where it has a number already"""

    @classmethod
    def of(cls, given: Prompt | dict[str, Any]) -> Prompt:
        """A prompt, or the fields of one."""
        return given if isinstance(given, Prompt) else cls(**given)

    def check(self, width: int, height: int) -> None:
        """Raise `PromptError` for what makes no prompt in a frame of this size."""
        if self.number is not None and not 1 <= self.number <= OBJECTS.most:
            raise PromptError(f"An object is numbered from 1 to {OBJECTS.most}, not {self.number}: give it another.")
        if self.mask is not None:
            if len(self.points) or self.box is not None:
                raise PromptError("A prompt is a mask, or points and a box: leave one of them out.")
            if self.mask.shape != (height, width):
                found = " x ".join(map(str, self.mask.shape[::-1]))
                raise PromptError(
                    f"The mask is {found} pixels and the frame {width} x {height}: they must be the same."
                )
            if not self.mask.any():
                raise PromptError("The mask marks no pixel: draw the object into it.")
            return
        if not len(self.points) and self.box is None:
            raise PromptError("There is no prompt: say where the object is, with a point, a box or a mask.")
        if len(self.points) != len(self.labels):
            raise PromptError(
                f"There are {len(self.points)} points and {len(self.labels)} labels: give each point one."
            )
        if any(label not in (BACKGROUND, FOREGROUND) for label in self.labels):
            raise PromptError("The label of a point is 1 (on the object) or 0 (beside it).")
        if not all(np.isfinite(value) for place in (*self.points, self.box or ()) for value in place):
            raise PromptError("Coordinates are numbers of pixels, not infinite and not undefined.")
        if self.box is not None and not (self.box[0] < self.box[2] and self.box[1] < self.box[3]):
            raise PromptError("A box is left, top, right, bottom, with left < right and top < bottom.")
        if self.box is None and FOREGROUND not in self.labels:
            raise PromptError("No point is on the object: give at least one with the label 1.")
        count = len(self.points) + (0 if self.box is None else 2)
        if count > MOST_POINTS:
            raise PromptError(f"A prompt has at most {MOST_POINTS} points, of which a box takes two; this has {count}.")
        for x, y in (*self.points, *self._corners()):
            if not (0 <= x <= width and 0 <= y <= height):
                raise PromptError(f"({x:g}, {y:g}) is outside the frame, which is {width} x {height} pixels.")

    def model_points(self, width: int, height: int, size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Points [1, P, 2] in pixels of the size x size image, and their labels [1, P]; a box comes first, as two."""
        corners = self._corners()
        points = np.array([*corners, *self.points], np.float32).reshape(1, -1, 2)
        labels = np.array([*(TOP_LEFT, BOTTOM_RIGHT)[: len(corners)], *self.labels], np.float32)[None]
        scale = np.array([size / width, size / height], np.float32)
        return points * scale, labels

    @classmethod
    def of_model_points(cls, points: NDArray[np.float32], labels: NDArray[np.float32]) -> Prompt:
        """The prompt of an image of size x size pixels whose `model_points` these are; absent ones are left out."""
        labelled = zip(points[0].tolist(), labels[0], strict=True)
        given = [(point, int(label)) for point, label in labelled if label != ABSENT]
        if [label for _, label in given[:2]] == [TOP_LEFT, BOTTOM_RIGHT]:
            (start, _), (end, _), *given = given
            return cls([point for point, _ in given], [label for _, label in given], box=[*start, *end])
        return cls([point for point, _ in given], [label for _, label in given])

    def _corners(self) -> list[Sequence[float]]:
        return [] if self.box is None else [self.box[:2], self.box[2:]]


def check_objects(count: int, width: int, height: int) -> None:
    """Raise `PromptError` for more objects than can be followed in frames of a size."""
    OBJECTS.check(count, "Each frame", PromptError)
    MASKS.check(count * width * height, "Each frame", PromptError)


def graph_points(
    points: NDArray[np.float32], labels: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Points [1, P, 2] and labels [1, P] in the fixed shapes of graphs, [1, 4, 2] and [1, 4]: the rest is absent."""
    missing = MOST_POINTS - points.shape[1]
    return (
        np.pad(points, ((0, 0), (0, missing), (0, 0))),
        np.pad(labels, ((0, 0), (0, missing)), constant_values=ABSENT),
    )


def numbers_of(prompts: Sequence[Prompt]) -> list[int]:
    """What objects are called in masks: by their own numbers, if each has one of its own, or else 1, 2, …"""
    own = [prompt.number for prompt in prompts if prompt.number is not None]
    return own if len(set(own)) == len(prompts) else list(range(1, len(prompts) + 1))


def model_mask(mask: NDArray[np.bool_], size: int) -> NDArray[np.float32]:
    """[H, W] -> zeros and ones [1, 1, size, size]; raises `PromptError` for an object that is too small for any."""
    import torch
    import torch.nn.functional as F

    resized = F.interpolate(
        torch.from_numpy(mask.astype(np.float32))[None, None], (size, size), mode="bilinear", antialias=True
    )
    seen = resized >= 0.5
    if mask.any() and not seen.any():
        pixels = int(mask.sum())
        raise PromptError(f"The mask's object, of {pixels} pixels, is too small for a model of {size} x {size} pixels.")
    return seen.float().numpy()


def model_frame(frame: Pixels, size: int) -> NDArray[np.float32]:
    """RGB 0–255 [H, W, 3] -> [1, 3, size, size]; the aspect ratio is not kept."""
    if frame.shape[:2] != (size, size):
        frame = np.asarray(Image.fromarray(frame).resize((size, size), Image.Resampling.BICUBIC))
    return to_input(frame)
