"""Pictures of one object with soft or noisy edges: told from those of several objects by their areas of one shade."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from exporter.media.masks import Mask

Pixels = NDArray[np.integer | np.bool_]
"""Shades [H, W] or colours [H, W, 3], of which 0 is background"""

_DRAWN = 2
"""So few shades were drawn, each for itself. More come from smoothing or from a lossy file."""

_LEVELS = 255
"""Shades are counted as if the strongest were so many."""

_STRONGEST = 90
"""Percentile, of what is at least half as strong as the greatest, that is the object's shade: a lossy file has a few
pixels that are stronger"""

_NEAR = 0.1
"""Share of the strongest shade by which those of a lossy file differ from black and from the strongest itself; those
that were drawn do not differ at all"""

_OTHER_HUE = 0.25
"""Share of the strongest shade by which a channel differs where a colour is no shade of the object's; JPEG has it
coarse"""

_EDGE = 2
"""Pixels around the object whose shades are its edge; they may be alike along it"""

_FLAT = 2
"""Levels by which the pixels of one area differ"""

_AREA, _AREA_SHARE = 4, 0.01
"""Squares of 2 x 2 pixels, and their share of the object's pixels, that are no chance"""

_PEAK, _AROUND, _PEAK_SHARE = 3, 24, 0.7
"""Where an area is, most squares with a level within `_AROUND` of its own are within `_PEAK`; in a wide soft edge they
are spread evenly."""


def one_object(pixels: Pixels) -> Mask | None:
    """Where a shade is at least half as strong as the strongest; None if there are areas in more than one."""
    shades, other = _as_shades(pixels)
    strongest = float(shades.max())
    drawn = len(np.unique(shades[shades > 0])) <= _DRAWN
    if not drawn:
        strongest = float(np.percentile(shades[shades >= strongest / 2], _STRONGEST))
    near = 0 if drawn else _NEAR * strongest
    mask: Mask = (shades >= strongest / 2) & ~other
    full = (np.abs(shades - strongest) <= near) & ~other
    levels = np.rint(shades * (_LEVELS / strongest)).astype(np.int32)
    beyond = _any_of_squares(~_widened(full))
    squares = _squares(levels, 0 if drawn else _FLAT) & beyond
    least = 1 if drawn else max(_AREA, _AREA_SHARE * mask.sum())
    if np.count_nonzero(squares & _all_of_squares(other)) >= least:
        return None
    between = squares & _all_of_squares((shades > near) & ~full & ~other)
    return None if _has_peak(np.bincount(levels[:-1, :-1][between], minlength=_LEVELS + 1), least) else mask


def are_of_one_hue(colours: NDArray[np.uint8]) -> bool:
    """Whether all of [N, 3] are shades of one colour."""
    return not _as_shades(colours)[1].any()


def is_dithered(indices: NDArray[np.integer]) -> bool:
    """Whether most neighbours in a row that are not background differ."""
    left, right = indices[:, :-1], indices[:, 1:]
    inside = (left != 0) & (right != 0)
    return bool(np.count_nonzero(inside & (left == right)) < np.count_nonzero(inside) / 2)


def codes(colours: Pixels) -> NDArray[np.int32]:
    """Colours [..., 3] as numbers, 0xRRGGBB."""
    return colours.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)


def _as_shades(pixels: Pixels) -> tuple[NDArray[np.float32], Mask]:
    """How strong the object's colour is in each pixel, and where there is another colour."""
    if pixels.shape[-1:] != (3,) or pixels.ndim == 1:
        return pixels.astype(np.float32), np.zeros(pixels.shape, np.bool_)
    colour = _most_common(pixels)
    strongest = colour.max()
    # A channel at a time: all of them as floats would be most of a large mask's memory.
    channels = [pixels[..., channel] for channel in range(3)]
    shades = np.zeros(pixels.shape[:-1], np.float32)
    for values, share in zip(channels, colour / (colour @ colour) * strongest, strict=True):
        shades += values * share
    other = np.zeros(shades.shape, np.bool_)
    for values, share in zip(channels, colour / strongest, strict=True):
        other |= np.abs(values - shades * share) > _OTHER_HUE * strongest
    return shades, other


def _most_common(pixels: Pixels) -> NDArray[np.float32]:
    """Of the colours that are not dark."""
    code = int(np.bincount(codes(pixels[pixels.max(axis=-1) >= pixels.max() / 2])).argmax())
    return np.array([code >> 16, code >> 8 & 255, code & 255], np.float32)


def _widened(mask: Mask) -> Mask:
    return np.asarray(Image.fromarray(mask.astype(np.uint8)).filter(ImageFilter.MaxFilter(2 * _EDGE + 1))) > 0


def _squares(levels: NDArray[np.int32], tolerance: int) -> Mask:
    """Which squares of 2 x 2 pixels are of one shade, [H - 1, W - 1]."""
    upper, lower = np.maximum(levels[:-1], levels[1:]), np.minimum(levels[:-1], levels[1:])
    return np.maximum(upper[:, :-1], upper[:, 1:]) - np.minimum(lower[:, :-1], lower[:, 1:]) <= tolerance


def _all_of_squares(mask: Mask) -> Mask:
    rows = mask[:-1] & mask[1:]
    return rows[:, :-1] & rows[:, 1:]


def _any_of_squares(mask: Mask) -> Mask:
    rows = mask[:-1] | mask[1:]
    return rows[:, :-1] | rows[:, 1:]


def _has_peak(counts: NDArray[np.intp], least: float) -> bool:
    peaks, around = (np.convolve(counts, np.ones(2 * reach + 1, int), "same") for reach in (_PEAK, _AROUND))
    return bool(((peaks >= least) & (peaks > _PEAK_SHARE * around)).any())
