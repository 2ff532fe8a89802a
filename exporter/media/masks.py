"""Masks and object numbers as PNG files, in the colours of DAVIS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from exporter.errors import ImageError
from exporter.media.images import Pixels

Mask = NDArray[np.bool_]


def read_mask(path: str | Path) -> Mask:
    """A PNG mask [H, W], True where it is not zero: palette index, grey or colour, and not fully transparent.

    Raises `ImageError`.
    """
    try:
        with Image.open(path, formats=["PNG"]) as image:
            values = np.asarray(image)  # of a palette picture the indices, whatever colours they stand for
            bands = image.getbands()
    except FileNotFoundError:
        raise ImageError(f"There is no mask {path}.") from None
    except UnidentifiedImageError:
        # A JPEG's zeros come back as ones and twos.
        raise ImageError(f"{path} is not a PNG; pass a mask as a PNG in which 0 is background.") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"{path} is a PNG that Pillow cannot read ({error}); write it again.") from error
    if bands[-1] == "A":
        values = values[..., :-1] * (values[..., -1:] > 0)
    return np.atleast_3d(values).max(axis=-1) > 0


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
