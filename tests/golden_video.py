"""The video that the tracker's golden outputs were made of: a textured disc that moves over a still background.

All arithmetic is on integers, so that every machine makes the same bytes.
"""

import zlib

import numpy as np
from numpy.typing import NDArray

TINT = (255, 160, 32)
"""RGB that the disc's texture is mixed with in equal parts."""

Integers = NDArray[np.int64]


def disc_centre(frame: int, frames: int, height: int, width: int) -> tuple[int, int]:
    """(x, y) in pixels: 40 % of the width to the right and 20 % of the height down in the course of the video."""
    last = max(frames - 1, 1)
    return 3 * width // 10 + 4 * width // 10 * frame // last, 4 * height // 10 + 2 * height // 10 * frame // last


def disc_masks(frames: int, height: int, width: int) -> NDArray[np.bool_]:
    """Where the disc is [frames, height, width]."""
    radius = min(height, width) // 6
    rows, columns = np.ogrid[:height, :width]
    centres = (disc_centre(frame, frames, height, width) for frame in range(frames))
    return np.stack([(columns - x) ** 2 + (rows - y) ** 2 <= radius**2 for x, y in centres])


def make_video(frames: int, height: int, width: int) -> NDArray[np.uint8]:
    """RGB [frames, height, width, 3]"""
    background = 2 * _texture("background", height, width, height // 8) + _texture("grain", height, width, height // 32)
    # As large as four frames, so that the disc can take its texture along.
    disc = (_texture("disc", 2 * height, 2 * width, height // 24) + TINT) // 2
    pictures = []
    for frame, mask in enumerate(disc_masks(frames, height, width)):
        x, y = disc_centre(frame, frames, height, width)
        moved = disc[height - y :, width - x :][:height, :width]
        pictures.append(np.where(mask[..., None], moved, background // 3))
    return np.stack(pictures).astype(np.uint8)


def _texture(name: str, height: int, width: int, cell: int) -> Integers:
    """Random colours 0–255 at the corners of square cells, blended in between: [height, width, 3]."""
    cell = max(cell, 2)
    shape = (height // cell + 2, width // cell + 2, 3)
    words = np.random.Philox(key=zlib.crc32(name.encode())).random_raw(np.prod(shape))
    corners = (words >> np.uint64(56)).astype(np.int64).reshape(shape)
    return _blended(_blended(corners, 0, height, cell), 1, width, cell) // cell**2


def _blended(values: Integers, axis: int, pixels: int, cell: int) -> Integers:
    """Linear interpolation along `axis`, times `cell`."""
    before, share = np.divmod(np.arange(pixels), cell)
    share = np.expand_dims(share, tuple({0, 1, 2} - {axis}))
    return values.take(before, axis) * (cell - share) + values.take(before + 1, axis) * share
