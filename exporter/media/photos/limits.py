"""How large a photo may be: what fits into memory, and a sentence for what does not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.budgets import PHOTO_MEMORY, PHOTO_PIXELS
from exporter.errors import ImageError
from exporter.media.photos.kinds import Kind

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile

LARGE = 64_000_000
"""Pixels from which on a photo is reduced while it is read, where it is known how much of it is needed"""

_RGB = 4
"""Bytes of a pixel in Pillow's memory, of most modes"""

_WHOLE = 16
"""Bytes of a pixel that is kept: in a tracker's photo, of its frame, the masks and the picture that shows them"""

_NARROW = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}

_COEFFICIENT = 2
"""Bytes of libjpeg's: of a progressive picture it holds all, as many as there are samples"""


def check_size(path: Path, size: Sequence[int], image: ImageFile, kind: Kind, whole: bool) -> None:
    """Raise `ImageError` if a photo of this size is larger than `most_pixels`."""
    pixels, most = size[0] * size[1], most_pixels(size, image, kind, whole)
    if pixels > most:
        raise ImageError(
            f"{path} has {size[0]} x {size[1]} pixels, {pixels / 1e6:.0f} million, and of such a {kind.name} at most "
            f"{most / 1e6:.0f} million can be read: make it smaller."
        )


def most_pixels(size: Sequence[int], image: Image.Image, kind: Kind, whole: bool) -> int:
    """How many pixels a photo like this may have.

    `image` is opened, and of a JPEG perhaps to be decoded smaller than its `size`. `whole` photos are kept as they are;
    of others only what a classifier sees.
    """
    decoded_share = image.width * image.height / (size[0] * size[1])
    decoded = decoded_share * kind.bytes_per_pixel * _NARROW.get(image.mode, _RGB) / _RGB
    needed = max(decoded + _held_by_libjpeg(image), _WHOLE if whole else 0)
    return min(PHOTO_PIXELS.most, int(PHOTO_MEMORY.most / needed))


def _held_by_libjpeg(image: Any) -> float:
    """Bytes a pixel."""
    if "progressive" not in image.info:
        return 0
    sampling = [(across, down) for _, across, down, _ in image.layer]
    across, down = (max(factors) for factors in zip(*sampling, strict=True))
    return _COEFFICIENT * sum(a * d for a, d in sampling) / (across * down)
