"""Timestamps as containers have them, good and bad, and the times that are made of them."""

from fractions import Fraction

import pytest

from exporter.media.videos.timeline import Timeline


def times(*timestamps, start=0.0):
    """In seconds, of frames of a tenth of one whose container counts thousandths."""
    timeline = Timeline(Fraction(start), tick=Fraction(1, 1000), usual=Fraction(1, 10))
    found = [timeline.time(None if one is None else Fraction(str(one))) for one in timestamps]
    return [float(time) for time in found]


@pytest.mark.parametrize(
    ("timestamps", "expected"),
    [
        ((0, 0.033, 0.067, 1.067), [0, 0.033, 0.067, 1.067]),
        ((5.5, 5.6, 5.8), [0, 0.1, 0.3]),
        ((-0.2, -0.1, 0), [0, 0.1, 0.2]),
        ((None, None, None), [0, 0.1, 0.2]),
        ((None, 3, 3.1, None), [0, 0.1, 0.2, 0.3]),
        ((0, None, 0.2), [0, 0.1, 0.2]),
    ],
    ids=["uneven", "begins late", "begins before zero", "none", "first missing", "one missing"],
)
def test_times_begin_with_the_first_frame_and_keep_their_distances(timestamps, expected):
    assert times(*timestamps) == expected


def test_the_first_frame_may_come_after_the_sound():
    assert times(7, 7.1, start=0.5) == [0.5, 0.6]


def test_a_repeated_time_is_a_tick_later_and_delays_no_other():
    assert times(0, 0, 0, 0.1, 0.2) == [0, 0.001, 0.002, 0.1, 0.2]


def test_a_clock_that_begins_anew_goes_on():
    assert times(8, 8.1, 0, 0.1, 0.3) == [0, 0.1, 0.2, 0.3, 0.5]
