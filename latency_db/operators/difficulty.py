"""How far the sum of a graph's kernels may be off, up to a factor that is fitted: what its interval is scaled by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SLACK = 0.03
"""Added to a graph's difficulty, as to a kernel's deviation: 3 % of a time"""
UNKNOWN = 1.0
"""Half width, in logarithms, that a kernel counts for whose class the table lacks"""


def difficulty(known_ms: Array, half_widths: Array, unknown_share: Array) -> Array:
    """[graphs] log residual to expect of a graph, up to a factor: the half width of its kernels, by their share.

    `known_ms` [graphs, kernels] is what each known kernel adds, `half_widths` [kernels] those of their intervals in
    logarithms. Errors of kernels go together, so that they do not average out.
    """
    known = known_ms @ half_widths / np.maximum(known_ms.sum(1), 1e-12)
    return np.asarray(SLACK + (1 - unknown_share) * known + unknown_share * UNKNOWN, dtype=np.float64)
