"""Photographs as people have them, read as RGB and upright."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from exporter.media.exif_orientation import upright
from exporter.media.photo_colours import to_rgb
from exporter.media.photo_limits import LARGE, check_size
from exporter.media.picture_files import read_picture
from exporter.media.picture_kinds import Kind

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

LONGEST = 16
"""Of a photo whose longer side is more than so many times the shorter one only the middle can be in a square crop, and
resizing the whole could take any amount of memory."""

_FINER = 3
"""A photo is reduced to no less than so many pixels for each one that is needed, for the filter that resizes it."""


def read_photo(
    path: str | Path, shorter: int | None = None, resample: Image.Resampling = Image.Resampling.BICUBIC
) -> Image.Image:
    """An image file as RGB of eight bits, upright; raises `ImageError`.

    With `shorter` given, a shorter side of so many pixels is enough, and so is the middle: what is longer than
    `LONGEST` is cut, and what has more than `LARGE` pixels is reduced as it is read, and resized to exactly that with
    `resample`. Other photos come as they are.

    Warns with `VitexportWarning` if it is unknown how the photo is to be turned.
    """
    path = Path(path)
    picture = read_picture(path, partial(_prepare, path, shorter))
    image = picture.image if shorter is None else middle(picture.image)
    if shorter is None or not _is_large(picture.size):
        return upright(to_rgb(image), picture.orientation)
    # Of the whole photo, in the pixels that were decoded: JPEG's reader rounds up.
    halved = round(max(picture.size) / max(picture.image.size))
    extent = image.size if image is not picture.image else tuple(side / halved for side in picture.size)
    factor = max(1, min(image.size) // (_FINER * shorter))
    size = [int(shorter * side // min(extent)) for side in extent]
    box = (0, 0, extent[0] / factor, extent[1] / factor)
    return upright(to_rgb(image, factor).resize(size, resample, box), picture.orientation)


def middle(photo: Image.Image) -> Image.Image:
    """The photo, cut where one side is more than `LONGEST` times the other."""
    most = LONGEST * min(photo.size)
    if max(photo.size) <= most:
        return photo
    left, top = (max(0, (side - most) // 2) for side in photo.size)
    return photo.crop((left, top, left + min(photo.width, most), top + min(photo.height, most)))


def _prepare(path: Path, shorter: int | None, image: ImageFile, kind: Kind) -> None:
    """Let a large JPEG be decoded at a half, a quarter or an eighth of its size, and check what is left to decode."""
    size = image.size
    if shorter is not None and _is_large(size):
        image.draft(None, (_FINER * shorter, _FINER * shorter))
    check_size(path, size, image, kind, whole=shorter is None)


def _is_large(size: Sequence[int]) -> bool:
    return size[0] * size[1] > LARGE
