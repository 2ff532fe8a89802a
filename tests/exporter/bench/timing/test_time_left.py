"""Lines of progress say how long the rest takes."""

from time import monotonic

import pytest

from exporter.bench.timing.time_left import time_left


@pytest.mark.parametrize(
    ("since", "done", "wanted", "most", "said"),
    [
        (60, 1, 3, None, ", 2 min left"),
        (6, 2, 4, None, ", 6 s left"),
        (0, 0, 4, None, ""),
        (0, 0, 4, 60, ", 1 min left"),
        (0, 0, 4, 59.9, ", 1 min left"),
        (60, 1, 3, 30.2, ", 30 s left"),
        (6, 2, 4, -1, ", 0 s left"),
    ],
)
def test_the_time_left_is_that_of_what_was_done_and_no_more_than_there_is(since, done, wanted, most, said):
    assert time_left(monotonic() - since, done, wanted, most) == said
