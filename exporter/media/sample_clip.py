"""Clips whose masks are known: parts of one sample photograph move over the other."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from exporter.media.images import Pixels, sample_photo
from exporter.media.photos.reading import read_photo

BLOOM = (182, 98, 434, 346)
"""Left, top, right and bottom of an ellipse in flower.jpg that holds nothing but petals: one object to any eye."""

TREES = (400, 330, 620, 427)
"""The same in china.jpg, of nothing but trees."""

SKY = (330, 0, 640, 200)
"""Left, top, right and bottom of the part of china.jpg that is hardly more than sky."""

SHARE = 0.4
"""How much of the frame's height and width the object takes."""

PERIOD = 96
"""Frames until the object is back. A frame moves it by at most 2 % of the width and 3.2 % of the height."""

BEHIND, IN_FRONT = 0.25, 0.45
"""How much of the frame's height and width each of two objects takes that cross: the nearer one hides the other."""

Box = tuple[int, int, int, int]
Ellipse = tuple[Pixels, NDArray[np.bool_]]
"""The pixels of a rectangle [h, w, 3], and which of them [h, w] are the ellipse that it holds"""


def sample_clip(count: int, height: int = 240, width: int = 320) -> tuple[list[Pixels], NDArray[np.bool_]]:
    """`count` frames uint8 RGB [height, width, 3] and the object's masks [count, height, width]; the same in every run.

    A longer clip begins with the shorter one. The object is an ellipse that never leaves the frame.
    """
    rows, columns = round(height * SHARE), round(width * SHARE)
    background = np.asarray(ImageOps.fit(_china(), (width, height)))
    bloom = _ellipse(_flower(), BLOOM, rows, columns)
    frames, masks = [], np.zeros((count, height, width), np.bool_)
    for index, mask in enumerate(masks):
        angle = 2 * math.pi * index / PERIOD
        top = round((height - rows) * (0.5 + 0.4 * math.sin(2 * angle)))
        left = round((width - columns) * (0.5 - 0.5 * math.cos(angle)))
        frame = background.copy()
        _draw(frame, mask, bloom, top, left)
        frames.append(frame)
    return frames, masks


def crossing_clip(count: int, height: int = 256, width: int = 256) -> tuple[list[Pixels], NDArray[np.bool_]]:
    """Two objects that change sides in `count` frames, at least two; in the middle the second hides the first.

    Returns the frames uint8 RGB [height, width, 3], the same in every run, and what is to be seen of each object
    [2, count, height, width]. Both are ellipses that never leave the frame.
    """
    sizes = [(round(height * share), round(width * share)) for share in (BEHIND, IN_FRONT)]
    background = np.asarray(ImageOps.fit(_china().crop(SKY), (width, height)))
    objects = (_ellipse(_flower(), BLOOM, *sizes[0]), _ellipse(_china(), TREES, *sizes[1]))
    frames, masks = [], np.zeros((2, count, height, width), np.bool_)
    for index in range(count):
        time = index / (count - 1)
        frame = background.copy()
        # Their middles meet in the middle of the clip; the first descends meanwhile, so that no frame is symmetric.
        for mask, cut_out, (rows, columns), across, down in zip(
            masks[:, index], objects, sizes, (time, 1 - time), (0.4 + 0.2 * time, 0.5), strict=True
        ):
            _draw(frame, mask, cut_out, round((height - rows) * down), round((width - columns) * across))
        masks[0, index] &= ~masks[1, index]
        frames.append(frame)
    return frames, masks


def sample_click(masks: NDArray[np.bool_]) -> tuple[int, int]:
    """x and y of the pixel of the first mask that is nearest to its middle, so inside whatever its shape."""
    y, x = np.nonzero(masks[0])
    nearest = np.argmin(np.hypot(y - y.mean(), x - x.mean()))
    return int(x[nearest]), int(y[nearest])


def _china() -> Image.Image:
    return read_photo(sample_photo("china.jpg"))


def _flower() -> Image.Image:
    return read_photo(sample_photo("flower.jpg"))


def _ellipse(photo: Image.Image, box: Box, rows: int, columns: int) -> Ellipse:
    """A part of a photo, resized."""
    part = photo.resize((columns, rows), Image.Resampling.BICUBIC, box=box)
    y, x = np.ogrid[:rows, :columns]
    return np.asarray(part), np.hypot((2 * y + 1) / rows - 1, (2 * x + 1) / columns - 1) <= 1


def _draw(frame: Pixels, mask: NDArray[np.bool_], cut_out: Ellipse, top: int, left: int) -> None:
    """Draw an ellipse into a frame [H, W, 3], and where it is into a mask [H, W]."""
    pixels, inside = cut_out
    rows, columns = inside.shape
    mask[top : top + rows, left : left + columns] = inside
    frame[mask] = pixels[inside]
