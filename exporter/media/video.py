"""Moving pictures, read a frame at a time: video files and folders of frames. No torch; PyAV only when used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from exporter.errors import VideoError
from exporter.media.frame_folder import frames_in
from exporter.media.images import Pixels
from exporter.media.photos import read_photo

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

ASSUMED_FPS = 24.0
"""Frames per second of a folder of pictures, or of a video that does not say; the rate of the DAVIS benchmark."""

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
    fps, count = (ASSUMED_FPS, len(frames_in(path))) if path.is_dir() else _rate_and_count(path)
    first = next(_frames(path), None)
    if first is None:
        raise VideoError(f"{path} has no frames; record it again, or pass another video.")
    height, width, _ = first.shape
    return Video(path, width, height, fps, count)


def _frames(path: Path) -> Iterator[Pixels]:
    if path.is_dir():
        return (np.array(read_photo(picture)) for picture in frames_in(path))
    return _decoded(path)


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
