"""Masks as people have them: which pixels of a PNG are which object."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from exporter.errors import ImageError, VitexportWarning
from exporter.media.masks import PALETTE, Mask
from exporter.media.photos.files import read_picture
from exporter.media.photos.kinds import Kind
from exporter.media.photos.limits import check_size
from exporter.media.soft_masks import are_of_one_hue, codes, is_dithered, one_object

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

Labels = NDArray[np.integer]
"""[H, W], 0 is no object"""

MOST_OBJECTS = 31
"""In one mask. Greater numbers in grey are shades, and a file of more objects is hardly a mask that somebody drew."""

VOID = 255
"""The label of pixels that may be anything, such as those on edges: PASCAL VOC, DAVIS and YouTube-VOS"""


def read_masks(path: str | Path, number: int | None = None) -> dict[int, Mask]:
    """Number of the object -> its mask [H, W], of all that a PNG holds; with `number` given, of that one alone.

    Objects are told by palette index, by numbers up to `MOST_OBJECTS` in grey, or by the colours of DAVIS. Grey and
    colour of any other kind is one object, wherever it is at least half as strong as its strongest shade and not fully
    transparent; where that is doubtful it is refused. So is a palette of greys, or one in which 0 is not black, as if
    it had none: white is the object, whatever its index. Of a cut-out whose colours are all black the shape is that of
    its alpha. 255 is void in a palette of colours. Raises `ImageError`.
    """
    path = Path(path)
    labels = _labels(path, number)
    numbers = [int(found) for found in np.unique(labels) if found]
    if number is not None and number not in numbers:
        listed = f"objects {', '.join(map(str, numbers))}" if numbers else "nothing"
        raise ImageError(f"{path} holds {listed} and no object {number}: name one that it holds.")
    if number is None and len(numbers) > MOST_OBJECTS:
        raise ImageError(f"{path} holds {len(numbers)} objects: name one, such as {path}:{numbers[0]}.")
    # A mask without any pixel is one too: whoever needs one complains.
    return {one: labels == one for one in ([number] if number is not None else numbers or [1])}


def _labels(path: Path, wanted: int | None) -> Labels:
    def check(image: ImageFile, kind: Kind) -> None:
        if kind.name != "PNG":  # a JPEG's zeros come back as ones and twos
            raise ImageError(f"{path} is not a PNG: pass a mask as a PNG in which 0 is background.")
        check_size(path, image.size, image, kind, whole=True)

    # Of how to turn it: a mask is as large as the upright frame that it was drawn over.
    with warnings.catch_warnings(action="ignore", category=VitexportWarning):
        image = read_picture(path, check, "mask").image
    values = np.asarray(image)
    if image.getbands()[-1] == "A":
        alpha, values = values[..., -1], values[..., :-1] * (values[..., -1:] > 0)
        if not values.any() and alpha.min() < alpha.max():
            return _by_shade(path, alpha, wanted)
        values = values[..., 0] if values.shape[-1] == 1 else values
    if image.getbands()[0] == "P":
        return _by_index(path, values, image, wanted)
    return _by_shade(path, values, wanted) if values.ndim == 2 else _by_colour(path, values, wanted)


def _by_index(path: Path, indices: Labels, image: Image.Image, wanted: int | None) -> Labels:
    colours = np.zeros((256, 3), np.uint8)
    given = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    colours[: len(given)] = given
    used = np.unique(indices)
    shown = colours[used]
    several = np.count_nonzero(used) > 1
    if not (shown == PALETTE[used]).all() and not (shown == shown[0]).all():
        zero_is_black = used[0] == 0 and not shown[0].any()
        if (shown == shown[:, :1]).all() and (several or not zero_is_black):
            # Shades that became indices when the file was made smaller.
            return _by_shade(path, colours[indices, 0], wanted)
        if not zero_is_black or is_dithered(indices):
            return _by_colour(path, colours[indices], wanted)
        if several and are_of_one_hue(shown) and (soft := one_object(colours[indices])) is not None:
            return soft.astype(np.uint8)
    if VOID in used and (several or (colours[VOID] == PALETTE[VOID]).all()):
        return _without_void(path, indices)
    return indices


def _by_shade(path: Path, shades: NDArray[np.integer | np.bool_], wanted: int | None) -> Labels:
    used = [int(shade) for shade in np.unique(shades) if shade]
    if not used or used[-1] <= MOST_OBJECTS:
        return shades.astype(np.uint8)
    if wanted in used and wanted <= len(PALETTE):  # whoever names it says that shades are numbers
        return np.where(shades == wanted, shades, 0).astype(np.uint8)
    if (mask := one_object(shades)) is not None:
        return mask.astype(np.uint8)
    raise ImageError(_question(path, "shades", [str(shade) for shade in used]))


def _by_colour(path: Path, pixels: NDArray[np.uint8], wanted: int | None) -> Labels:
    if (pixels == pixels[..., :1]).all():
        return _by_shade(path, pixels[..., 0], wanted)
    found = codes(pixels)
    used = [int(code) for code in np.unique(found) if code]
    numbers = {int(code): number for number, code in enumerate(codes(PALETTE))}
    if all(code in numbers for code in used):
        order = np.array(sorted(numbers))
        return _without_void(path, np.array([numbers[code] for code in order], np.uint8)[np.searchsorted(order, found)])
    if (mask := one_object(pixels)) is not None:
        return mask.astype(np.uint8)
    raise ImageError(_question(path, "colours", [f"#{code:06x}" for code in used]))


def _without_void(path: Path, labels: Labels) -> Labels:
    if labels.any() and not ((labels != 0) & (labels != VOID)).any():
        raise ImageError(f"{path} holds no object, only void (255): draw one, with a number from 1 to 254.")
    return np.where(labels == VOID, 0, labels)


def _question(path: Path, what: str, used: Sequence[str]) -> str:
    return (
        f"{path} has areas in {len(used)} {what} ({', '.join(used[:4])}{', …' * (len(used) > 4)}), which may be one "
        f"object or several: save it in black and white, or as a palette PNG of the objects' numbers."
    )
