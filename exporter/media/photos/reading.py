"""Photographs as people have them, read as RGB and upright."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from exporter.media.photos.colours import Box, to_rgb
from exporter.media.photos.exif_orientation import upright
from exporter.media.photos.files import read_picture
from exporter.media.photos.kinds import Kind
from exporter.media.photos.limits import LARGE, check_size

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

LONGEST, LONGEST_LARGE = 16, 2
"""Of a photo whose longer side is more than so many times the shorter one only the middle can be in a square crop, and
resizing the whole could take any amount of memory; of a large one less is converted."""

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
    image = picture.image
    if shorter is None or not _is_large(picture.size):
        seen = (0, 0, *image.size) if shorter is None else _middle(image.size, LONGEST)
        return upright(to_rgb(image, seen), picture.orientation)
    seen = _middle(image.size, LONGEST_LARGE)
    extent: Sequence[float] = (seen[2] - seen[0], seen[3] - seen[1])
    factor = max(1, int(min(extent)) // (_FINER * shorter))
    if seen == (0, 0, *image.size):
        # JPEG's reader rounds up: in the pixels that it decoded the photo has fractions of one.
        decoded = round(max(picture.size) / max(image.size))
        extent = [side / decoded for side in picture.size]
    size = [int(shorter * side // min(extent)) for side in extent]
    reduced = to_rgb(image, seen, factor)
    return upright(reduced.resize(size, resample, (0, 0, extent[0] / factor, extent[1] / factor)), picture.orientation)


def middle(photo: Image.Image) -> Image.Image:
    """The photo, cut where one side is more than `LONGEST` times the other."""
    seen = _middle(photo.size, LONGEST)
    return photo if seen == (0, 0, *photo.size) else photo.crop(seen)


def _middle(size: Sequence[int], longest: int) -> Box:
    most = longest * min(size)
    left, top = (max(0, (side - most) // 2) for side in size)
    return left, top, left + min(size[0], most), top + min(size[1], most)


def _prepare(path: Path, shorter: int | None, image: ImageFile, kind: Kind) -> None:
    """Let a large JPEG be decoded at a half, a quarter or an eighth of its size, and check what is left to decode."""
    size = image.size
    if shorter is not None and _is_large(size):
        image.draft(None, (_FINER * shorter, _FINER * shorter))
    check_size(path, size, image, kind, whole=shorter is None)


def _is_large(size: Sequence[int]) -> bool:
    return size[0] * size[1] > LARGE
