"""Opening video files with FFmpeg: which kinds, how large, and which of a file's streams is the film. PyAV only when
used."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.budgets import FRAME_PIXELS
from exporter.errors import VideoError
from exporter.media.videos.film import Film, fault
from exporter.media.videos.other_files import check_no_still, other_file
from exporter.media.videos.promised_bytes import lacks_index

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_KINDS = {
    "mov": "mp4, mov, m4v, 3gp",
    "matroska": "mkv, webm",
    "avi": "avi",
    "mpegts": "ts, mts",
    "mpeg": "mpg, vob",
    "flv": "flv",
    "asf": "wmv, asf",
    "ogg": "ogv",
    "mxf": "mxf",
    "dv": "dv",
    "ivf": "ivf",
    "gif": "gif",
    "apng": "apng",
    "h264": "h264",
    "hevc": "hevc",
    "mpegvideo": "m2v",
    "mjpeg": "mjpeg",
    "yuv4mpegpipe": "y4m",
}
"""FFmpeg's demuxer -> how the names of its files end. Files that hold their pictures themselves: FFmpeg also reads text
files as animations, and playlists that name further files and addresses."""

_LIMIT = {"max_pixels": str(FRAME_PIXELS.most)}
_OPTIONS = {"format_whitelist": ",".join(_KINDS), "protocol_whitelist": "file", **_LIMIT}

_PEEK = 300
"""Packets within which a film shows a second frame, where it has to be told from a thumbnail."""

_DEFAULT_WEIGHT = 4
"""A stream marked as the default goes before one of fewer than as many times its pixels: muxers mark whichever is
first."""

_MARKING_NOTHING = {"mov"}
"""Demuxers that mark every track that is enabled, which of several may be the first alone, whatever it is."""


@contextmanager
def opened(path: Path) -> Iterator[Film]:
    """The film in a file, which stays open; raises `VideoError` for what has none, or frames that are too large."""
    import av

    check_no_still(path)
    try:
        with _container(path) as container:
            yield Film(path, container, _film(path, container))
    except (av.FFmpegError, MemoryError) as error:
        _check_size(path)
        if lacks_index(path):
            raise VideoError(
                f"{path} is cut off: it lacks its index (moov), which is written last; copy it again, or repair it."
            ) from error
        raise VideoError(
            other_file(path)
            or f"{path} is damaged or no video ({fault(error)}); pass an intact one, of these kinds: "
            f"{', '.join(_KINDS.values())}."
        ) from error


def _container(path: Path) -> InputContainer:
    import av

    # Absolute, because FFmpeg takes what stands before a colon for a protocol. Metadata is in any encoding.
    return av.open(path.absolute(), options=_OPTIONS, metadata_errors="replace")


def _film(path: Path, container: InputContainer) -> VideoStream:
    """The stream to look at: no cover or thumbnail, and the largest where there are several."""
    from av.stream import Disposition

    pictures = Disposition.attached_pic | Disposition.timed_thumbnails
    streams = [stream for stream in container.streams.video if not stream.disposition & pictures]
    if not streams:
        raise VideoError(f"{path} has no video stream; pass a file with moving pictures in it.")
    known = [stream for stream in streams if stream.codec_context is not None]
    if not known:
        raise VideoError(f"{path} is encoded in a way that FFmpeg does not know here; convert it to H.264.")
    moving = _moving(path, {stream.index for stream in known}) if len(known) > 1 else set()

    marking = container.format.name.partition(",")[0] not in _MARKING_NOTHING

    def rank(stream: VideoStream) -> tuple[bool, int, int]:
        pixels = stream.width * stream.height
        weight = _DEFAULT_WEIGHT if marking and stream.disposition & Disposition.default else 1
        return stream.index in moving, weight * pixels, pixels

    film = max(known, key=rank)
    if film.width * film.height > FRAME_PIXELS.most:
        raise VideoError(_too_large(path, film.width, film.height))
    if not film.width * film.height:
        _check_size(path)
    film.codec_context.options = _LIMIT
    return film


def _check_size(path: Path) -> None:
    """Raise `VideoError` if FFmpeg does not open a file for the size of its frames, which only its log says."""
    import av

    level, skipping = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_level(av.logging.ERROR)
    av.logging.set_skip_repeated(False)
    try:
        with av.logging.Capture() as log, suppress(av.FFmpegError, MemoryError), _container(path):
            pass
    finally:
        av.logging.set_level(level)
        av.logging.set_skip_repeated(skipping)
    refused = re.search(r"Picture size (\d+)x(\d+)", " ".join(message for *_, message in log))
    if refused:
        raise VideoError(_too_large(path, int(refused[1]), int(refused[2])))


def _too_large(path: Path, width: int, height: int) -> str:
    side = math.isqrt(FRAME_PIXELS.most)
    return (
        f"{path} has frames of {width} x {height} pixels, and at most {side} x {side}, or as many in another shape, "
        "can be read; make it smaller."
    )


def _moving(path: Path, indices: set[int]) -> set[int]:
    """Those of some streams that have a second frame near the file's beginning."""
    begun, moving = set[int](), set[int]()
    with _container(path) as container:
        for packet in islice(container.demux(), _PEEK):
            if packet.size and packet.stream.index in indices:
                (moving if packet.stream.index in begun else begun).add(packet.stream.index)
            if moving == indices:
                break
    return moving
