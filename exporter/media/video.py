"""Moving pictures in and out, a frame at a time, and the masks that go with them. No torch; PyAV only when used."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from exporter.errors import ImageError, VideoError
from exporter.media.images import Pixels, read_photo

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

Mask = NDArray[np.bool_]

ASSUMED_FPS = 24.0
"""Frames per second of a folder of pictures, or of a video that does not say; the rate of the DAVIS benchmark."""

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")

# FFmpeg reads text files as animations, and playlists that name further files and addresses; a video is none of these.
_DEMUXERS = "mov,matroska,gif"


@dataclass(frozen=True)
class Video:
    """A clip on disk. Iterating reads it from its start: upright uint8 RGB frames [height, width, 3], one at a time."""

    path: Path
    width: int
    height: int
    fps: float
    """The average rate; a phone's clip may be uneven."""
    count: int | None
    """What the container says; None if it says nothing."""

    def __iter__(self) -> Iterator[Pixels]:
        for number, frame in enumerate(_frames(self.path)):
            if frame.shape != (self.height, self.width, 3):
                raise VideoError(
                    f"Frame {number} of {self.path} is {frame.shape[1]} x {frame.shape[0]} and frame 0 is "
                    f"{self.width} x {self.height}; give all frames one size."
                )
            yield frame


def open_video(path: str | Path) -> Video:
    """An mp4, mov, webm, mkv or gif file, or a folder of pictures in the order of the numbers in their names.

    Raises `VideoError`, and `ImageError` for a damaged picture in a folder; so does iterating.
    """
    path = Path(path)
    if not path.exists():
        raise VideoError(f"There is no video {path}; pass a video file or a folder of pictures.")
    fps, count = (ASSUMED_FPS, len(_pictures(path))) if path.is_dir() else _rate_and_count(path)
    first = next(_frames(path), None)
    if first is None:
        raise VideoError(f"{path} has no frames; record it again, or pass another video.")
    height, width, _ = first.shape
    return Video(path, width, height, fps, count)


def _frames(path: Path) -> Iterator[Pixels]:
    if path.is_dir():
        return (np.array(read_photo(picture)) for picture in _pictures(path))
    return _decoded(path)


def _pictures(folder: Path) -> list[Path]:
    """The pictures of a folder, frame2 before frame10; at least one."""

    def numeric(path: Path) -> tuple[list[str | int], str]:
        pieces = re.split(r"(\d+)", path.stem.lower())  # text, number, text, …, so that like is compared with like
        return [int(piece) if piece.isdecimal() else piece for piece in pieces], path.name

    # macOS leaves files like ._frame1.jpg, which are not pictures, on foreign disks.
    found = [path for path in folder.iterdir() if path.suffix.lower() in PICTURES and not path.name.startswith(".")]
    if not found:
        raise VideoError(f"{folder} has no pictures ({' '.join(PICTURES)}); pass a video file or a folder of frames.")
    return sorted(found, key=numeric)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A video file and its first video stream; FFmpeg's errors become `VideoError`."""
    import av

    try:
        # Absolute, because FFmpeg takes what stands before a colon for a protocol.
        with av.open(path.absolute(), options={"format_whitelist": _DEMUXERS}) as container:
            if not container.streams.video:
                raise VideoError(f"{path} has no video stream; pass a file with pictures in it.")
            yield container, container.streams.video[0]
    except av.FFmpegError as error:
        raise VideoError(
            f"{path} is damaged or no video ({error.strerror}); pass an intact mp4, mov, webm, mkv or gif."
        ) from error


def _rate_and_count(path: Path) -> tuple[float, int | None]:
    with _opened(path) as (_, stream):
        return float(stream.average_rate or stream.guessed_rate or ASSUMED_FPS), stream.frames or None


def _decoded(path: Path) -> Iterator[Pixels]:
    with _opened(path) as (container, stream):
        # On one thread a frame: FFmpeg's frame threads are faster, and end a damaged video early without a word.
        for frame in container.decode(stream):
            yield _upright(frame)


def _upright(frame: VideoFrame) -> Pixels:
    """A phone films lying on its side and says by how much to turn the picture, counter-clockwise in degrees."""
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90)))


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


def read_mask(path: str | Path) -> Mask:
    """A PNG mask [H, W], True where it is not zero: palette index, grey or colour, and not fully transparent.

    Raises `ImageError`.
    """
    try:
        with Image.open(path, formats=["PNG"]) as image:
            values = np.asarray(image)  # of a palette picture the indices, whatever colours they stand for
            bands = image.getbands()
    except FileNotFoundError:
        raise ImageError(f"There is no mask {path}.") from None
    except UnidentifiedImageError:
        # A JPEG's zeros come back as ones and twos.
        raise ImageError(f"{path} is not a PNG; pass a mask as a PNG in which 0 is background.") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"{path} is a PNG that Pillow cannot read ({error}); write it again.") from error
    if bands[-1] == "A":
        values = values[..., :-1] * (values[..., -1:] > 0)
    return np.atleast_3d(values).max(axis=-1) > 0


def _davis_palette() -> Pixels:
    """The PASCAL VOC colour map [256, 3]: bits 0, 1, 2 of a label are the highest of R, G, B, bits 3, 4, 5 the next."""
    labels = np.arange(256)
    colours = np.zeros((256, 3), np.uint8)
    for bit in range(8):
        colours[:, bit % 3] |= ((labels >> bit & 1) << (7 - bit // 3)).astype(np.uint8)
    return colours


PALETTE = _davis_palette()
"""The colour of each object's number; 0 is background."""


def write_label_png(path: str | Path, labels: NDArray[np.uint8]) -> None:
    """Object numbers [H, W] as a palette PNG in DAVIS's colours, which its evaluation reads as it is."""
    image = Image.fromarray(labels)
    image.putpalette(PALETTE.tobytes())
    image.save(path, format="PNG")
