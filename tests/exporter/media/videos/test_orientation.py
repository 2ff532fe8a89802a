"""Display matrices: the eight that turn or mirror, those that mean one of them, and those that are neither."""

import struct

import numpy as np
import pytest

from exporter.media.videos.orientation import Orientation, orientation

PICTURE = np.arange(6, dtype=np.uint8).reshape(2, 3, 1).repeat(3, axis=2)  # 0 1 2 above 3 4 5


def matrix(a, b, c, d, x=0, y=0):
    return struct.pack("=9i", *(round(entry * 65536) for entry in (a, b, 0, c, d, 0, x, y)), 1 << 30)


@pytest.mark.parametrize(
    ("entries", "shown"),
    [
        ((1, 0, 0, 1), [[0, 1, 2], [3, 4, 5]]),
        ((0, 1, -1, 0), [[3, 0], [4, 1], [5, 2]]),
        ((-1, 0, 0, -1), [[5, 4, 3], [2, 1, 0]]),
        ((0, -1, 1, 0), [[2, 5], [1, 4], [0, 3]]),
        ((-1, 0, 0, 1), [[2, 1, 0], [5, 4, 3]]),
        ((1, 0, 0, -1), [[3, 4, 5], [0, 1, 2]]),
        ((0, 1, 1, 0), [[0, 3], [1, 4], [2, 5]]),
        ((0, -1, -1, 0), [[5, 2], [4, 1], [3, 0]]),
    ],
)
def test_each_of_the_eight_shows_what_it_says(entries, shown):
    upright = orientation(matrix(*entries)).upright(PICTURE)
    assert upright[..., 0].tolist() == shown
    assert upright.flags.c_contiguous


@pytest.mark.parametrize("entries", [(2, 0, 0, 2), (1, 0, 0, 0.75), (1, 0.02, -0.02, 1), (1, 0, 0, 1, 320, 240)])
def test_scale_offset_and_rounding_turn_nothing(entries):
    assert orientation(matrix(*entries)) == Orientation()


@pytest.mark.parametrize("entries", [(0, 0, 0, 0), (1, 0, 0, 0)])
def test_a_matrix_that_would_show_nothing_is_none(entries):
    assert orientation(matrix(*entries)) == Orientation()


@pytest.mark.parametrize("entries", [(0.7, 0.7, -0.7, 0.7), (1, 0, 0.5, 1), (1, 0.3, -0.3, 1), (1, 0, 1, 0)])
def test_skew_and_free_angles_are_no_orientation(entries):
    assert orientation(matrix(*entries)) is None
