"""Masks and object numbers, written as PNG files in the colours of DAVIS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from exporter.media.images import Pixels

Mask = NDArray[np.bool_]


def _davis_palette() -> Pixels:
    """The PASCAL VOC colour map [256, 3]: bits 0, 1, 2 of a label are the highest of R, G, B, bits 3, 4, 5 the next."""
    labels = np.arange(256)
    colours = np.zeros((256, 3), np.uint8)
    for bit in range(8):
        colours[:, bit % 3] |= ((labels >> bit & 1) << (7 - bit // 3)).astype(np.uint8)
    return colours


PALETTE = _davis_palette()
"""The colour of each object's number; 0 is background."""


def write_label_png(path: str | Path, labels: NDArray[np.uint8]) -> None:
    """Object numbers [H, W] as a palette PNG in DAVIS's colours, which its evaluation reads as it is."""
    image = Image.fromarray(labels)
    image.putpalette(PALETTE.tobytes())
    image.save(path, format="PNG")
