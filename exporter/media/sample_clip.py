"""A clip whose masks are known: part of one sample photograph moves over the other."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from exporter.media.images import Pixels, sample_photo
from exporter.media.photos.reading import read_photo

BLOOM = (182, 98, 434, 346)
"""Left, top, right and bottom of an ellipse in flower.jpg that holds nothing but petals: one object to any eye."""

SHARE = 0.4
"""How much of the frame's height and width the object takes."""

PERIOD = 96
"""Frames until the object is back. A frame moves it by at most 2 % of the width and 3.2 % of the height."""


def sample_clip(count: int, height: int = 240, width: int = 320) -> tuple[list[Pixels], NDArray[np.bool_]]:
    """`count` frames uint8 RGB [height, width, 3] and the object's masks [count, height, width]; the same in every run.

    A longer clip begins with the shorter one. The object is an ellipse that never leaves the frame.
    """
    rows, columns = round(height * SHARE), round(width * SHARE)
    background = np.asarray(ImageOps.fit(read_photo(sample_photo("china.jpg")), (width, height)))
    bloom = read_photo(sample_photo("flower.jpg")).resize((columns, rows), Image.Resampling.BICUBIC, box=BLOOM)
    y, x = np.ogrid[:rows, :columns]
    ellipse = np.hypot((2 * y + 1) / rows - 1, (2 * x + 1) / columns - 1) <= 1

    frames, masks = [], np.zeros((count, height, width), np.bool_)
    for index, mask in enumerate(masks):
        angle = 2 * math.pi * index / PERIOD
        top = round((height - rows) * (0.5 + 0.4 * math.sin(2 * angle)))
        left = round((width - columns) * (0.5 - 0.5 * math.cos(angle)))
        mask[top : top + rows, left : left + columns] = ellipse
        frame = background.copy()
        frame[mask] = np.asarray(bloom)[ellipse]
        frames.append(frame)
    return frames, masks


def sample_click(masks: NDArray[np.bool_]) -> tuple[int, int]:
    """x and y of the pixel of the first mask that is nearest to its middle, so inside whatever its shape."""
    y, x = np.nonzero(masks[0])
    nearest = np.argmin(np.hypot(y - y.mean(), x - x.mean()))
    return int(x[nearest]), int(y[nearest])
