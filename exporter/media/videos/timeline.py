"""When frames are shown: timestamps as containers have them, made into times that only grow."""

from __future__ import annotations

from fractions import Fraction


class Timeline:
    """Seconds at which frames are shown, from their timestamps in the order in which they are shown.

    Timestamps may be missing (raw streams), repeated (rounded to milliseconds), or begin anew (joined recordings).
    """

    def __init__(self, start: Fraction, tick: Fraction, usual: Fraction) -> None:
        """`start` is the first frame's time, `tick` the container's unit of time, `usual` what a frame takes; in s."""
        self._start, self._tick, self._usual = start, tick, usual
        self._offset: Fraction | None = None
        """From timestamps to times; known after the first timestamp"""
        self._last: Fraction | None = None

    def time(self, timestamp: Fraction | None) -> Fraction:
        """Of the next frame, whose timestamp in seconds this is; later than that of the frame before."""
        expected = self._start if self._last is None else self._last + self._usual
        if timestamp is None:
            self._last = expected
        elif self._offset is None or self._jumps_back(timestamp + self._offset):
            self._offset = expected - timestamp
            self._last = expected
        elif self._last is not None and timestamp + self._offset <= self._last:
            self._last += self._tick
        else:
            self._last = timestamp + self._offset
        return self._last

    def _jumps_back(self, time: Fraction) -> bool:
        """By more than a frame: what comes is another recording, not a frame at the same time."""
        return self._last is not None and time < self._last - self._usual
