"""Decoded frames as the RGB that screens show: colour spaces, also those that are not named, HDR, transparency."""

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

_HDR = {16, 18}
"""Transfer characteristics (§8.2) that players show brighter than white: PQ, HLG"""

_TO_SDR = {"dst_color_trc": _BT709, "dst_color_primaries": _BT709}
"""What the model and people's screens take, in which HDR's reference white is white"""

_STANDARD_DEFINITION = 576
"""Most rows for which players take BT.601, where a video does not say; for more, BT.709."""


class Colours:
    """Makes RGB of a video's frames, one after the other. Keeps FFmpeg's tables: those for HDR take two seconds."""

    def __init__(self) -> None:
        from av.video.reformatter import VideoReformatter

        self._reformatter = VideoReformatter()

    def rgb(self, frame: VideoFrame) -> Pixels:
        """uint8 RGB [height, width, 3]; raises `VideoError` for a colour space that FFmpeg does not convert from."""
        import av

        frame.colorspace = _STAND_INS.get(frame.colorspace, frame.colorspace)
        if frame.colorspace == _UNSPECIFIED and frame.height > _STANDARD_DEFINITION:
            frame.colorspace = _BT709
        transparent = frame.format.name == "pal8" or any(component.is_alpha for component in frame.format.components)
        try:
            pixels = self._reformatter.reformat(
                frame,
                format="rgba" if transparent else "rgb24",
                threads=1,  # with more, which are made anew for each frame, it takes longer
                **(_TO_SDR if frame.color_trc in _HDR else {}),
            ).to_ndarray()
        except av.FFmpegError as error:
            raise VideoError(
                f"The video's colours are in a space that FFmpeg cannot convert (number {frame.colorspace}); encode it "
                "in BT.709."
            ) from error
        return _over_background(pixels) if transparent else pixels  # type: ignore[arg-type, return-value]  # any format's


def _over_background(pixels: Pixels) -> Pixels:
    """RGBA [height, width, 4] -> RGB"""
    colours, alpha = pixels[..., :3], pixels[..., 3:].astype(np.uint16)
    if alpha.min() == 255:
        return np.ascontiguousarray(colours)
    return ((colours * alpha + BACKGROUND * (255 - alpha) + 127) // 255).astype(np.uint8)
