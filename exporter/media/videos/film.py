"""The film of an open video file: what the header promises, the frames, and whether all of them came. PyAV only when
used."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.errors import CutShortError, VideoError
from exporter.media.videos.promised_bytes import promised_bytes

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

ASSUMED_FPS = 24.0
"""Frames per second of a folder of pictures, or of a video that does not say; the rate of the DAVIS benchmark."""

MICROSECONDS = 1_000_000
"""FFmpeg's unit for times of a whole file, in a second."""

_LASTING = {"mov", "matroska", "flv", "asf", "mxf"}
"""Demuxers that read in the header how long the video lasts. The others look at its end, wherever that is."""

_LASTING_FROM_ZERO = {"matroska", "flv", "asf"}
"""Those whose duration may count from the clock's zero and not from the first timestamp. Muxers differ."""

_SLACK, _SLACK_SHARE = 0.25, 0.01
"""Seconds, and share, by which the last packet may end before the file is said to: some of sound do not say how long
they are."""

_MARKING_WHOLE_PACKETS = {"mpegts"}
"""Demuxers that also mark packets as damaged where the receiver missed something else."""

_LARGEST_ASPECT = 10
"""Of a pixel. What is more, or less than its inverse, is damage; anamorphic film has 2."""


@dataclass(frozen=True)
class Film:
    """The one stream of an open video file that is looked at."""

    path: Path
    container: InputContainer
    stream: VideoStream

    @property
    def rate(self) -> Fraction:
        """Frames a second, on average."""
        average, guessed = self.stream.average_rate, self.stream.guessed_rate
        if average and guessed and average == 1 / self.tick:
            return guessed  # some demuxers give the unit of their timestamps
        return average or guessed or Fraction(ASSUMED_FPS)

    @property
    def tick(self) -> Fraction:
        """Seconds, in which timestamps are counted."""
        return self.stream.time_base or 1 / Fraction(ASSUMED_FPS)

    def timestamp(self, frame: VideoFrame) -> Fraction | None:
        """When a frame is shown, in seconds of the container's clock; None if it does not say."""
        # An .avi has only the times of decoding: what FFmpeg makes of them jumps to and fro.
        timestamp = frame.dts if self._demuxer == "avi" else frame.pts
        return None if timestamp is None else timestamp * self.tick

    @property
    def start(self) -> Fraction:
        """Seconds from the beginning of the file, which may be one of its sound, to the first frame."""
        if self.stream.start_time is None or self.container.start_time is None:
            return Fraction(0)
        return max(Fraction(0), self.stream.start_time * self.tick - Fraction(self.container.start_time, MICROSECONDS))

    @property
    def pixel_aspect(self) -> Fraction:
        """Width of a stored pixel by its height."""
        aspect = self.stream.sample_aspect_ratio
        return aspect if aspect and 1 / _LARGEST_ASPECT <= aspect <= _LARGEST_ASPECT else Fraction(1)

    @property
    def count(self) -> int | None:
        """Frames that the header promises; None if it promises nothing.

        Without those that an edit list leaves out (.mov), and, in an .avi whose index is complete, empty ones.
        """
        frames, index = self.stream.frames, self.stream.index_entries
        if frames and self._demuxer == "mov":
            return sum(not entry.is_discard for entry in index)
        if frames and self._demuxer == "avi" and len(index) and index[-1].timestamp >= frames - 1:
            return len(index)
        return frames or None

    @property
    def seconds(self) -> float | None:
        """How long the file lasts, with its sound, as the header says; None if it says nothing."""
        if self._demuxer in _LASTING and self.container.duration is not None:
            return self.container.duration / MICROSECONDS
        return None

    @property
    def _begins(self) -> float:
        """Seconds of the container's clock from which its duration counts."""
        start = (self.container.start_time or 0) / MICROSECONDS
        return min(0.0, start) if self._demuxer in _LASTING_FROM_ZERO else start

    @property
    def _demuxer(self) -> str:
        return self.container.format.name.partition(",")[0]

    def frames(self) -> Iterator[VideoFrame]:
        """Decoded, in the order in which they are shown; before damage, all those that are whole.

        Raises `CutShortError` after them where the file is damaged or ends before its header says, and `VideoError`
        where there are none.
        """
        promised, seconds = self.count, self.seconds  # before reading, which adds to the index of some containers
        read, ends, reason = yield from self._decoded()
        if reason is not None:
            of = f" of {promised}" if promised is not None else ""
            where = f" after its first {read}{of} frames" if read else ""
            sentence = f"{self.path} is damaged{where or ' or no video'} ({reason}); pass an intact one."
            raise CutShortError(sentence) if read else VideoError(sentence)
        if not read:
            raise VideoError(f"{self.path} has no frames; record it again, or pass another video.")
        if promised is not None and read < promised:
            raise CutShortError(
                f"{self.path} says that it has {promised} frames, and {read} can be read; pass it complete."
            )
        content, there = promised_bytes(self.path), self.path.stat().st_size
        if content is not None and there < content:
            raise CutShortError(
                f"{self.path} says that it has {content:,} bytes, and {there:,} are there, with {read} frames; "
                "pass it complete."
            )
        if promised is None and seconds is not None and ends < seconds * (1 - _SLACK_SHARE) - _SLACK:
            raise CutShortError(
                f"{self.path} says that it lasts {seconds:.2f} s, and it ends after {ends:.2f} s and {read} frames; "
                "pass it complete."
            )

    def _decoded(self) -> Generator[VideoFrame, None, tuple[int, float, str | None]]:
        """Returns how many frames there were, the seconds after which the file ended, and why it did, if by damage."""
        import av

        read, ends, reason = 0, Fraction(0), None
        try:
            for packet in self.container.demux():
                ends = max(ends, _end(packet))
                if packet.stream.index != self.stream.index:
                    continue
                if packet.is_corrupt and self._demuxer not in _MARKING_WHOLE_PACKETS:
                    reason = "a frame is incomplete"
                    break
                # One thread decodes: FFmpeg's frame threads are faster, and end a damaged video early without a word.
                try:
                    frames = self.stream.decode(packet)
                except av.FFmpegError as error:
                    if read:
                        raise
                    reason = reason or fault(error)  # a recording may begin amidst frames: whole ones may come later
                    continue
                for frame in frames:
                    read, reason = read + 1, None
                    yield frame
            if reason is not None:
                for frame in self.stream.decode(None):
                    read += 1
                    yield frame
        except (av.FFmpegError, MemoryError) as error:
            reason = reason or fault(error)
        return read, float(ends) - self._begins, reason


def fault(error: Exception) -> str:
    """FFmpeg's own words."""
    return getattr(error, "strerror", None) or type(error).__name__


def _end(packet: Packet[Stream]) -> Fraction:
    """Seconds at which what a packet holds has been shown; 0 for one without a timestamp."""
    begin = packet.dts if packet.pts is None else packet.pts
    if begin is None or not packet.time_base:
        return Fraction(0)
    return (begin + (packet.duration or 0)) * packet.time_base
