"""Videos written a frame at a time: H.264, VP9 and GIF. PyAV only when used."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

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


_ENCODINGS = {
    ".mp4": _Encoding(
        # mpeg4 has no constant rate factor; 472 is its quantiser 4 (of 1–31) in FFmpeg's unit of 1/118.
        codecs={"libx264": {"crf": "20"}, "mpeg4": {"flags": "+qscale", "global_quality": "472"}},
        even=True,
        container={"movflags": "+faststart"},  # the index before the pictures: browsers play while they load
    ),
    ".webm": _Encoding(codecs={"libvpx-vp9": {"crf": "30", "b": "0", "deadline": "realtime", "cpu-used": "6"}}),
    ".gif": _Encoding(codecs={"gif": {}}, pixel_format="pal8"),
}

_BT709, _LIMITED_RANGE = 1, 1
"""ISO/IEC 23091-2 codes. Without them players guess the colours of a small video by other rules than a large one's."""


class VideoWriter:
    """Where `video_writer` takes frames."""

    def __init__(self, container: OutputContainer, encoding: _Encoding, fps: float, width: int, height: int) -> None:
        import av

        self._container, self._encoding = container, encoding
        self._shape = (height, width, 3)
        self.count = 0
        # The rates of television are multiples of 1/1001; MPEG-4 counts time in at most 65535ths of a second.
        self._rate = Fraction(fps).limit_denominator(1001)
        codec = next(name for name in encoding.codecs if name in av.codecs_available)
        stream = container.add_stream(codec, rate=self._rate, options=encoding.codecs[codec])
        assert isinstance(stream, av.VideoStream)
        self._stream = stream
        stream.width, stream.height = (size + size % 2 if encoding.even else size for size in (width, height))
        stream.pix_fmt = encoding.pixel_format
        if encoding.pixel_format == "yuv420p":
            stream.color_primaries = stream.color_trc = stream.colorspace = _BT709
            stream.color_range = _LIMITED_RANGE

    def write(self, frame: Pixels) -> None:
        """Append uint8 RGB [height, width, 3]; raises `VideoError` for another size."""
        if frame.shape != self._shape:
            raise VideoError(
                f"Frame {self.count} has the shape {list(frame.shape)} in a video of {list(self._shape)}; "
                "write frames of one size."
            )
        picture = self._paletted(frame) if self._encoding.pixel_format == "pal8" else self._yuv(frame)
        picture.pts, picture.time_base = self.count, 1 / self._rate
        self._container.mux(self._stream.encode(picture))
        self.count += 1

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._container.mux(self._stream.encode(None))

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


def check_video_name(path: Path) -> None:
    """Raise `VideoError` for a name that no video can be written under."""
    _encoding(path)


def _encoding(path: Path) -> _Encoding:
    encoding = _ENCODINGS.get(path.suffix.lower())
    if encoding is None:
        raise VideoError(f"{path} cannot be written; end its name in {', '.join(_ENCODINGS)}.")
    return encoding


@contextmanager
def video_writer(path: str | Path, fps: float, width: int, height: int) -> Iterator[VideoWriter]:
    """Write a video, H.264 for .mp4, VP9 for .webm, or a .gif; it appears, complete, when the block is left in peace.

    Odd sizes of an .mp4 grow by a row or column that repeats the edge. Raises `VideoError`.
    """
    import av

    path = Path(path)
    encoding = _encoding(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.absolute().with_name(f".{path.stem}-{secrets.token_hex(4)}{path.suffix}")
    try:
        with av.open(beside, "w", options=encoding.container) as container:
            writer = VideoWriter(container, encoding, fps, width, height)
            yield writer
            if writer.count == 0:
                raise VideoError(f"{path} was not written, because no frame was; pass at least one.")
            writer.finish()
        beside.replace(path)
    except av.FFmpegError as error:
        raise VideoError(f"{path} cannot be written ({error.strerror}); try another size or format.") from error
    finally:
        beside.unlink(missing_ok=True)
