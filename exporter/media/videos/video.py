"""Moving pictures, read a frame at a time: video files and folders of frames. No torch; PyAV only when used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from exporter.errors import VideoError
from exporter.media.images import Pixels
from exporter.media.photos.reading import read_photo
from exporter.media.videos.colours import Colours
from exporter.media.videos.film import ASSUMED_FPS
from exporter.media.videos.frame_folder import frames_in
from exporter.media.videos.opening import opened
from exporter.media.videos.orientation import Orientation, orientation
from exporter.media.videos.timeline import Timeline
from exporter.paths import check_input

if TYPE_CHECKING:
    from av.video.frame import VideoFrame


@dataclass(frozen=True)
class Frame:
    """A picture of a video, and when it is shown."""

    pixels: Pixels
    """uint8 RGB [height, width, 3], upright"""
    time: float
    """Seconds from the beginning of the video to when it is shown; more than those of the frame before"""
    duration: float
    """Seconds for which the video says that it is shown; what most frames take, if it says nothing"""


@dataclass(frozen=True)
class Video:
    """A clip on disk. Iterating reads it from its start: upright uint8 RGB frames [height, width, 3], one at a time.

    A frame's pixels are those that are stored, turned upright. Where they are not square (`pixel_aspect`), a player
    shows them stretched to `displayed`.
    """

    path: Path
    width: int
    height: int
    fps: float
    """The average rate; `frames` has the time of each, for a phone's clip may be uneven."""
    count: int | None
    """What the container says; None if it says nothing."""
    pixel_aspect: Fraction = Fraction(1)
    """Width of an upright pixel by its height"""
    transposed: bool = False
    """Whether it was filmed lying on its side, so that upright columns are the rows that are stored"""
    pictures: tuple[Path, ...] = ()
    """Of a folder, its frames in their order"""

    @property
    def displayed(self) -> tuple[int, int]:
        """Width and height in square pixels, as a player shows the video: it stretches the rows that are stored."""
        if self.transposed:
            return self.width, max(1, round(self.height / self.pixel_aspect))
        return max(1, round(self.width * self.pixel_aspect)), self.height

    def frames(self) -> Iterator[Frame]:
        """The frames with their times; raises `VideoError`, at the end `CutShortError` if the video is not complete."""
        for number, frame in enumerate(_frames(self.path, self.pictures)):
            if frame.pixels.shape != (self.height, self.width, 3):
                raise VideoError(
                    f"Frame {number} of {self.path} is {frame.pixels.shape[1]} x {frame.pixels.shape[0]} and frame 0 "
                    f"is {self.width} x {self.height}; give all frames one size."
                )
            yield frame

    def __iter__(self) -> Iterator[Pixels]:
        return (frame.pixels for frame in self.frames())


def open_video(path: str | Path) -> Video:
    """A video file (mp4, mov, mkv, webm, avi, ts and others that FFmpeg reads), or a folder of pictures in the order of
    the numbers in their names.

    Raises `VideoError`, and `ImageError` for a damaged picture in a folder; so does iterating. Warns with
    `VitexportWarning` of masks beside frames, which are left out.
    """
    path = Path(path)
    check_input(path, VideoError)
    if not path.exists():
        raise VideoError(f"There is no video {path}; pass a video file or a folder of pictures.")
    if path.is_dir():
        pictures = tuple(frames_in(path))
        height, width, _ = next(_frames(path, pictures)).pixels.shape
        return Video(path, width, height, ASSUMED_FPS, len(pictures), pictures=pictures)
    with opened(path) as film:
        fps, count, aspect = float(film.rate), film.count, film.pixel_aspect
        first = next(film.frames())
        if _orientation(path, first).transposed:
            return Video(path, first.height, first.width, fps, count, 1 / aspect, transposed=True)
        return Video(path, first.width, first.height, fps, count, aspect)


def _frames(path: Path, pictures: Sequence[Path]) -> Iterator[Frame]:
    if pictures:
        for number, picture in enumerate(pictures):
            yield Frame(np.array(read_photo(picture)), number / ASSUMED_FPS, 1 / ASSUMED_FPS)
        return
    with opened(path) as film:
        colours, timeline = Colours(), Timeline(film.start, film.tick, 1 / film.rate)
        for frame in film.frames():
            yield Frame(
                _orientation(path, frame).upright(colours.rgb(frame)),
                float(timeline.time(film.timestamp(frame))),
                float(frame.duration * film.tick or 1 / film.rate),
            )


def _orientation(path: Path, frame: VideoFrame) -> Orientation:
    """What the container's display matrix, or the codec's, asks for."""
    from av.sidedata.sidedata import SideDataContainer

    # Not `frame.side_data`: with that the frame refers to itself, and stays in memory until garbage is collected.
    matrix: Any = SideDataContainer(frame).get("DISPLAYMATRIX")  # type: ignore[call-arg]  # not in PyAV's stubs
    found = Orientation() if matrix is None else orientation(bytes(matrix))
    if found is None:
        raise VideoError(
            f"{path} is to be shown skewed, or turned by something else than a quarter of a circle; turn it upright "
            "in a video editor."
        )
    return found
