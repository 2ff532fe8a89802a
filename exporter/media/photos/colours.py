"""Pictures of any mode as RGB of eight bits: grey by its true range, what is transparent over white.

It works strip by strip: a large photo is in memory once as it is and once as it becomes, never more often.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, TiffImagePlugin

from exporter.errors import ImageError

Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels"""

BACKGROUND = (255, 255, 255)
"""What is seen through transparent pixels: white, as on a page."""

_STRIP = 1 << 21
"""Pixels of a strip, about"""

_PREMULTIPLIED = {"La": "LA", "RGBa": "RGBA"}
_ALPHA = ("LA", "PA", "RGBA")
_DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")

_TOPS = (1, 255, 2**10 - 1, 2**12 - 1, 2**14 - 1, 65535, 2**31 - 1, 2**32 - 1)
"""Where grey values commonly end that begin at 0: floats of 0–1, and the bits of cameras and files"""

_LEAST_SHARE, _LEAST_SHARE_OF_ONE = 0.5, 0.1
"""A range is meant where the greatest value has at least this share of its top. More values than those of 0–1 begin as
low by chance; floats have been brought to 0–1 on purpose, so that a dark photo is to stay dark."""

_RINGING = 0.1
"""Share of its range by which a float may pass either end, where a filter such as bicubic made edges steeper"""

_LEAST_RANGE = 1e-30
"""Floats that are closer than this are one grey; single precision could not spread them."""

_PNG_STEP = {"L;2": 85, "L;4": 17}
"""How PNG's raw modes of less than eight bits are widened"""

_WHITE_IS_ZERO = 0
"""TIFF 6.0, PhotometricInterpretation"""


def transparent_colour(image: Any) -> Any:
    """What an opened PNG says is transparent, in the values that its pixels are about to have; None if nothing is.

    Pillow widens or narrows pixels to eight bits, but not the colour that stands for transparency.
    """
    key = image.info.get("transparency")
    raw = image.tile[0].args if image.tile else None
    if not isinstance(raw, str):
        return key
    if isinstance(key, int):
        return key * _PNG_STEP.get(raw, 1)
    if isinstance(key, tuple) and "16" in raw:
        return tuple(value >> 8 for value in key)
    return key


def to_rgb(image: Image.Image, box: Box, factor: int = 1) -> Image.Image:
    """What is in the box as RGB of eight bits, each side divided by `factor`; itself if that is what it is.

    Grey of more than eight bits is scaled by its range: that of its bits for 8 to 16 bits without sign, else the one
    that a TIFF states, else a usual one (0–1, 0–255, 0–1023, …) near whose top they end, else from 0 to the greatest,
    and where some are negative from the least. Raises `ImageError` for values that are no numbers.
    """
    if image.mode == "RGB" and factor == 1 and "transparency" not in image.info:
        return image if box == (0, 0, *image.size) else image.crop(box)
    scale = _range(image, box) if image.mode in _DEEP else (0.0, 0.0)
    whole = Image.new("RGB", (-(-(box[2] - box[0]) // factor), -(-(box[3] - box[1]) // factor)))
    for top, strip in _strips(image, box, factor):
        if strip.mode in _DEEP:
            strip = _eight_bits(strip, image, *scale)
        rgb = _over_background(strip)
        whole.paste(rgb.reduce(factor) if factor > 1 else rgb, (0, top // factor))
    return whole


def _strips(image: Image.Image, box: Box, factor: int = 1) -> Iterator[tuple[int, Image.Image]]:
    """(first row in the box, the strip from there), each but the last a multiple of `factor` rows."""
    left, first, right, end = box
    rows = max(1, _STRIP // (right - left) // factor) * factor
    for top in range(first, end, rows):
        yield top - first, image.crop((left, top, right, min(top + rows, end)))


def _over_background(image: Image.Image) -> Image.Image:
    if image.mode in _PREMULTIPLIED:
        image = image.convert(_PREMULTIPLIED[image.mode])
    if image.mode in _ALPHA or "transparency" in image.info:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, (*BACKGROUND, 255)), rgba).convert("RGB")
    if image.mode == "LAB":
        lab, srgb = (ImageCms.createProfile(name) for name in ("LAB", "sRGB"))
        return ImageCms.buildTransform(lab, srgb, "LAB", "RGB").apply(image)
    return image.convert("RGB")


def _eight_bits(strip: Image.Image, image: Image.Image, low: float, high: float) -> Image.Image:
    """Grey of eight bits, with alpha where one value stands for transparency."""
    values = _values(strip, image)
    if high - low > _LEAST_RANGE:
        factor = 255 / (high - low)
        scaled = np.multiply(values, factor, dtype=np.float32)  # double precision takes twice as long
        scaled -= np.float32(low * factor)
        np.rint(np.clip(scaled, 0, 255, out=scaled), out=scaled)
    else:
        scaled = np.zeros(values.shape, np.float32)
    if _tag(image, TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == _WHITE_IS_ZERO:
        scaled = 255 - scaled
    grey = Image.fromarray(scaled.astype(np.uint8))
    if isinstance(image.info.get("transparency"), int):
        grey.putalpha(Image.fromarray((values != image.info["transparency"]).astype(np.uint8) * 255))
    return grey


def _values(strip: Image.Image, image: Image.Image) -> NDArray[np.number]:
    values = np.asarray(strip)
    # Pillow has no integers of 32 bits without sign.
    if strip.mode == "I" and _tag(image, TiffImagePlugin.BITSPERSAMPLE) == 32 and _unsigned(image):
        return values.view(np.uint32)
    return values


def _range(image: Image.Image, box: Box) -> tuple[float, float]:
    """The values of black and white."""
    bits = _tag(image, TiffImagePlugin.BITSPERSAMPLE)
    if image.mode.startswith("I;16"):
        return 0, 2 ** (bits or 16) - 1
    if image.mode == "I" and image.format == "PPM":
        return 0, 65535  # to which Pillow scales them
    stated = [_tag(image, number) for number in (_SMIN, _SMAX)]
    if all(isinstance(value, (int, float)) and np.isfinite(value) for value in stated) and stated[0] < stated[1]:
        return stated[0], stated[1]
    extremes = [(values.min(), values.max()) for values in (_values(strip, image) for _, strip in _strips(image, box))]
    low, high = (
        float(pick(values)) for pick, values in zip((np.min, np.max), zip(*extremes, strict=True), strict=True)
    )
    if not np.isfinite([low, high]).all():
        raise ImageError(f"{getattr(image, 'filename', 'The picture')} has values that are no numbers: replace them.")
    return _meant(low, high, _RINGING if image.mode == "F" else 0)


def _meant(low: float, high: float, ringing: float) -> tuple[float, float]:
    """The range of values that are from `low` to `high`, and may pass its ends by a share of `ringing`."""
    if low < -ringing * high:
        return low, high
    for top in _TOPS:
        if (_LEAST_SHARE_OF_ONE if top == 1 else _LEAST_SHARE) * top <= high <= (1 + ringing) * top:
            return 0, top
    return min(0, low), high


_SMIN, _SMAX = 340, 341
"""TIFF 6.0, SMinSampleValue and SMaxSampleValue"""


def _tag(image: Image.Image, number: int) -> Any:
    """A TIFF's tag, of several values the first; None if there is none."""
    value = image.tag_v2.get(number) if isinstance(image, TiffImagePlugin.TiffImageFile) else None
    return value[0] if isinstance(value, tuple) and value else value


def _unsigned(image: Image.Image) -> bool:
    return (_tag(image, TiffImagePlugin.SAMPLEFORMAT) or 1) == 1
