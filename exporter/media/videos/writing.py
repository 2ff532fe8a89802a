"""Videos written a frame at a time: H.264, VP9 and GIF. PyAV only when used."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from exporter.atomic.publishing import move_all
from exporter.atomic.staging import staging
from exporter.errors import VideoError
from exporter.media.images import Pixels

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.frame import VideoFrame


@dataclass(frozen=True)
class _Encoding:
    """How a kind of file is written."""

    codecs: dict[str, dict[str, str]]
    """Encoders with their options; the first that this FFmpeg has is taken."""
    pixel_format: str = "yuv420p"
    even: bool = False
    """Whether width and height must be even."""
    container: dict[str, str] = field(default_factory=dict)
    states_aspect: bool = False
    """Whether players heed the aspect of pixels that it states; elsewhere frames are stretched"""
    ticks: int | None = None
    """Units in a second, in which the container counts the times of frames; None if it takes any"""
    longest: int = 2**31 - 1
    """Ticks that a frame may be shown"""


_ENCODINGS = {
    ".mp4": _Encoding(
        # mpeg4 has no constant rate factor; 472 is its quantiser 4 (of 1–31) in FFmpeg's unit of 1/118.
        codecs={"libx264": {"crf": "20", "bf": "0"}, "mpeg4": {"flags": "+qscale", "global_quality": "472"}},
        even=True,
        states_aspect=True,
        # The index goes before the pictures, so that browsers play while they load. An edit list, which counts in ms,
        # would cut the end off where frames are short; without frames out of order (bf) none is needed.
        container={"movflags": "+faststart", "use_editlist": "0"},
    ),
    ".webm": _Encoding(
        codecs={"libvpx-vp9": {"crf": "30", "b": "0", "deadline": "realtime", "cpu-used": "6"}},
        ticks=1000,
    ),
    ".gif": _Encoding(codecs={"gif": {}}, pixel_format="pal8", ticks=100, longest=2**16 - 1),
}

_BT709, _LIMITED_RANGE = 1, 1
"""ISO/IEC 23091-2 codes. Without them players guess the colours of a small video by other rules than a large one's."""

_TICKS, _SLOW_TICKS = 90_000, 1000
"""At least as many to a second, as in MPEG; fewer where a frame takes more than that, for it may take a day."""

_MOST_TICKS = {"mpeg4": 2**16 - 1, "libx264": 1_000_000}
"""Encoder -> most ticks to a second: MPEG-4 has 16 bits for them; more than microseconds are no video's."""

_LEAST_RATE = Fraction(1, 1000)
"""That encoders are told, by which they spread their bits; less is more than x264 can count."""

_LARGEST_TERM = 255
"""Of a pixel aspect's two, in MPEG-4."""


class VideoWriter:
    """Where `video_writer` takes frames."""

    def __init__(
        self,
        container: OutputContainer,
        encoding: _Encoding,
        fps: float,
        width: int,
        height: int,
        pixel_aspect: Fraction,
    ) -> None:
        import av

        self._container, self._encoding = container, encoding
        self._shape = (height, width, 3)
        self.count = 0
        # The rates of television are multiples of 1/1001; those of a time lapse may be less than that.
        self._rate = Fraction(fps).limit_denominator(1001) or 1 / Fraction(1 / fps).limit_denominator(1)
        codec = next(name for name in encoding.codecs if name in av.codecs_available)
        self._ticks = _ticks(encoding, codec, self._rate)
        declared = min(max(self._rate, _LEAST_RATE), Fraction(self._ticks))
        stream = container.add_stream(codec, rate=declared, options=encoding.codecs[codec])
        assert isinstance(stream, av.VideoStream)
        self._stream = stream
        stream.time_base = stream.codec_context.time_base = Fraction(1, self._ticks)
        if encoding.states_aspect:
            stream.codec_context.sample_aspect_ratio = pixel_aspect.limit_denominator(_LARGEST_TERM)
        else:
            width = max(1, round(width * pixel_aspect))
        self._size = (width, height)
        stream.width, stream.height = (size + size % 2 if encoding.even else size for size in self._size)
        stream.pix_fmt = encoding.pixel_format
        if encoding.pixel_format == "yuv420p":
            stream.color_primaries = stream.color_trc = stream.colorspace = _BT709
            stream.color_range = _LIMITED_RANGE
        self._begin: float | None = None
        """Time of the first frame"""
        self._last = -1
        """When the last frame is shown, in ticks after the first"""
        self._durations: dict[int, int] = {}
        """When a frame that the encoder holds is shown -> for how long, in ticks"""

    def write(self, frame: Pixels, time: float | None = None, duration: float | None = None) -> None:
        """Append uint8 RGB [height, width, 3], shown at `time` for `duration`, in seconds.

        The video begins with its first frame, whatever its time; without times, frames come at the video's rate. A
        frame is shown until the next one, and only the last one for its duration. Raises `VideoError` for another size
        and for a frame that the format cannot show for so long.
        """
        if frame.shape != self._shape:
            raise VideoError(
                f"Frame {self.count} has the shape {list(frame.shape)} in a video of {list(self._shape)}; "
                "write frames of one size."
            )
        if frame.shape[1::-1] != self._size:
            frame = np.asarray(Image.fromarray(frame).resize(self._size, Image.Resampling.BILINEAR))
        picture = self._paletted(frame) if self._encoding.pixel_format == "pal8" else self._yuv(frame)
        picture.pts, picture.time_base = self._tick(time), Fraction(1, self._ticks)
        longest = self._encoding.longest
        picture.duration = min(max(1, round((duration or 1 / self._rate) * self._ticks)), longest)
        if picture.pts - self._last > longest:
            raise VideoError(
                f"Frame {self.count - 1} is to be shown for longer than {longest / self._ticks:.0f} s, the most that "
                "this kind of video can say; write another kind."
            )
        self._last = picture.pts
        self._durations[picture.pts] = picture.duration
        self._mux(picture)
        self.count += 1

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._mux(None)

    def _mux(self, picture: VideoFrame | None) -> None:
        for packet in self._stream.encode(picture):
            if packet.pts in self._durations:
                packet.duration = self._durations.pop(packet.pts)  # encoders forget it, and the last frame has no next
            self._container.mux(packet)

    def _tick(self, time: float | None) -> int:
        """When a frame is shown, in ticks after the first; later than the one before, however close they are."""
        if time is None:
            since = self.count / self._rate
        else:
            self._begin = time if self._begin is None else self._begin
            since = Fraction(time - self._begin)
        return max(round(since * self._ticks), self._last + 1)

    def _yuv(self, frame: Pixels) -> VideoFrame:
        import av

        height, width, _ = frame.shape
        edges = ((0, self._stream.height - height), (0, self._stream.width - width), (0, 0))
        padded = np.ascontiguousarray(np.pad(frame, edges, mode="edge"))
        return av.VideoFrame.from_ndarray(padded, format="rgb24").reformat(
            format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
        )

    def _paletted(self, frame: Pixels) -> VideoFrame:
        """With 256 colours of the frame's own; FFmpeg alone would take the same 256 for every video."""
        import av

        image = Image.fromarray(frame).quantize(256)
        colours = np.array(image.getpalette(), np.uint8).reshape(-1, 3)
        argb = np.full((256, 4), 255, np.uint8)
        argb[: len(colours), 1:] = colours
        pair = (np.array(image), argb)
        return av.VideoFrame.from_ndarray(pair, format="pal8")  # type: ignore[arg-type]  # not in PyAV's stubs


def _ticks(encoding: _Encoding, codec: str, rate: Fraction) -> int:
    """Ticks to a second: such that frames at this rate fall on whole ones, where that can be."""
    if encoding.ticks is not None:
        return encoding.ticks
    step, most = rate.numerator, _MOST_TICKS[codec]
    enough = math.ceil((_SLOW_TICKS if rate < 1 else _TICKS) / step) * step
    return min(enough, most // step * step or most)


def check_video_name(path: Path) -> None:
    """Raise `VideoError` for a name that no video can be written under."""
    _encoding(path)


def _encoding(path: Path) -> _Encoding:
    encoding = _ENCODINGS.get(path.suffix.lower())
    if encoding is None:
        raise VideoError(f"{path} cannot be written; end its name in {', '.join(_ENCODINGS)}.")
    return encoding


@contextmanager
def video_writer(
    path: str | Path, fps: float, width: int, height: int, pixel_aspect: Fraction = Fraction(1)
) -> Iterator[VideoWriter]:
    """Write a video, H.264 for .mp4, VP9 for .webm, or a .gif; it appears, complete, when the block is left in peace.

    `pixel_aspect` is the width of a pixel by its height: an .mp4 states it, frames of the others are stretched. Odd
    sizes of an .mp4 grow by a row or column that repeats the edge. A .webm counts time in ms, a .gif in hundredths of a
    second. Raises `VideoError`.
    """
    import av

    path = Path(path)
    encoding = _encoding(path)
    with staging(path.absolute().parent) as stage:
        try:
            with av.open(stage / path.name, "w", options=encoding.container) as container:
                writer = VideoWriter(container, encoding, fps, width, height, pixel_aspect)
                yield writer
                if writer.count == 0:
                    raise VideoError(f"{path} was not written, because no frame was; pass at least one.")
                writer.finish()
        except av.FFmpegError as error:
            raise VideoError(f"{path} cannot be written ({error.strerror}); try another size or format.") from error
        move_all(stage, {path.name: path.name})
