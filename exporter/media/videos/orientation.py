"""How a display matrix turns and mirrors a picture: in one of the eight ways to lay a rectangle on its sides."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from exporter.media.images import Pixels

_MATRIX_ENTRIES = 9
_SLACK = math.sin(math.radians(3))
"""How far an axis may lie from the frame's, for matrices that were rounded or taken from a level's reading."""


@dataclass(frozen=True)
class Orientation:
    """What to do to a stored picture, in this order."""

    transposed: bool = False
    """Whether rows become columns"""
    mirrored: bool = False
    """Whether left and right change places"""
    flipped: bool = False
    """Whether top and bottom change places"""

    def upright(self, picture: Pixels) -> Pixels:
        """[height, width, 3] -> the same, or [width, height, 3] where it is transposed; contiguous."""
        if self.transposed:
            picture = picture.transpose(1, 0, 2)
        rows, columns = -1 if self.flipped else 1, -1 if self.mirrored else 1
        return np.ascontiguousarray(picture[::rows, ::columns])


def orientation(matrix: bytes) -> Orientation | None:
    """Of a display matrix, nine int32 in the machine's order: (x, y) is shown at (ax + cy, bx + dy).

    Scale is left out: FFmpeg says it in the pixel aspect. None for a matrix that skews, or turns by no quarter.
    """
    # ISO/IEC 14496-12 §6.2.2: a b u, c d v, x y w; 16.16, of which only the directions matter.
    a, b, _, c, d, *_ = (float(entry) for entry in np.frombuffer(matrix, np.int32, _MATRIX_ENTRIES))
    across, down = math.hypot(a, b), math.hypot(c, d)
    if not across or not down:
        return Orientation()  # it would show nothing: some recorders leave it all zeros
    a, b, c, d = a / across, b / across, c / down, d / down
    if abs(b) < _SLACK and abs(c) < _SLACK:
        return Orientation(False, a < 0, d < 0)
    if abs(a) < _SLACK and abs(d) < _SLACK:
        return Orientation(True, c < 0, b < 0)
    return None
