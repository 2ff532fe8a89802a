"""Decoded frames as RGB: their colour space, where the codec does not say or FFmpeg does not know it; transparency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exporter.errors import VideoError
from exporter.media.images import Pixels

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

BACKGROUND = 255
"""White, which is seen where a frame is transparent, whatever colours it hides there."""

# ISO/IEC 23091-2 §8.3, matrix coefficients.
_BT709, _UNSPECIFIED, _RESERVED = 1, 2, 3
_BT2020, _BT2020_CONSTANT_LUMINANCE = 9, 10

_STAND_INS = {_RESERVED: _UNSPECIFIED, _BT2020_CONSTANT_LUMINANCE: _BT2020}
"""Colour space that FFmpeg does not convert from -> one whose colours are nearly the same"""

_STANDARD_DEFINITION = 576
"""Most rows for which players take BT.601, where a video does not say; for more, BT.709."""


def rgb(frame: VideoFrame) -> Pixels:
    """uint8 RGB [height, width, 3]; raises `VideoError` for a colour space that FFmpeg does not convert from."""
    import av

    frame.colorspace = _STAND_INS.get(frame.colorspace, frame.colorspace)
    if frame.colorspace == _UNSPECIFIED and frame.height > _STANDARD_DEFINITION:
        frame.colorspace = _BT709
    transparent = frame.format.name == "pal8" or any(component.is_alpha for component in frame.format.components)
    try:
        # With threads of its own, made anew for each frame, FFmpeg is slower at every size.
        pixels = frame.to_ndarray(format="rgba" if transparent else "rgb24", threads=1)
    except av.FFmpegError as error:
        raise VideoError(
            f"The video's colours are in a space that FFmpeg cannot convert (number {frame.colorspace}); encode it in "
            "BT.709."
        ) from error
    return _over_background(pixels) if transparent else pixels  # type: ignore[arg-type, return-value]  # any format's


def _over_background(pixels: Pixels) -> Pixels:
    """RGBA [height, width, 4] -> RGB"""
    colours, alpha = pixels[..., :3], pixels[..., 3:].astype(np.uint16)
    if alpha.min() == 255:
        return np.ascontiguousarray(colours)
    return ((colours * alpha + BACKGROUND * (255 - alpha) + 127) // 255).astype(np.uint8)
