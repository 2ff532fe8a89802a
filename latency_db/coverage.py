"""How wide an interval has to be to hold as often as it says: what every estimate's interval rests on.

Split conformal prediction (Lei et al. 2018, arXiv 1604.04173): errors of data that a model had not seen, in whatever
unit its intervals are scaled by, say how large the next error is likely to be.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

COVERAGE = 0.9
"""Share of measurements that lie within an interval"""

NORMAL = 1.645
"""Half of a normal distribution's interval of that share, in standard deviations"""

P90 = 1.2816
"""Where its 90th percentile is, which one run in ten exceeds: an interval that one in twenty exceeds is wider"""


def quantile(known: ArrayLike, coverage: float = COVERAGE) -> float:
    """The error that a new one stays below as often as `coverage` says: of n known ones that of rank ⌈coverage(n + 1)⌉.

    Where there are too few for that rank it is their greatest, and the interval is narrower than it should be.
    Raises `ValueError` where there is none.
    """
    ordered = np.sort(np.asarray(known, dtype=np.float64))
    if not len(ordered):
        raise ValueError("An interval needs at least one known error: give more rows, or fewer groups of them.")
    return float(ordered[min(ceil(coverage * (len(ordered) + 1)), len(ordered)) - 1])


def runs_half_width(ms: ArrayLike, std: ArrayLike) -> NDArray[np.float64]:
    """Of the interval that so many runs lie within, in logarithms, of runs with this middle and standard deviation.

    They are taken for lognormal, so that no run of the noisiest takes less than nothing.
    """
    deviations = np.sqrt(np.log1p((np.asarray(std, np.float64) / np.asarray(ms, np.float64)) ** 2))
    return NORMAL * np.asarray(deviations, np.float64)
