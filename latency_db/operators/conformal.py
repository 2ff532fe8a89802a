"""Intervals that hold as often as they say: as wide as residuals of data that a model had not seen require.

A residual is scored by how many of the model's own deviations it is; the interval of a new prediction is so many of
its deviations as the share to be covered of known scores stays within (Lei et al. 2018, arXiv 1604.04173, §5.2). A
constant is added to all deviations, without which intervals are too narrow where a model is too sure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latency_db.coverage import COVERAGE, quantile

Array = NDArray[np.float64]

SLACK = 0.03
"""Added to each deviation of a logarithm, and to each difficulty of a graph: 3 % of a time."""

UNKNOWN = 1.0
"""Half width, in logarithms, that a kernel counts for of which nothing is known"""

FEWEST = 30
"""Scores that a quantile of 90 % can be told from"""


def scores(residuals: Array, deviations: Array) -> Array:
    """Residuals in deviations, without their sign."""
    return np.abs(residuals) / (deviations + SLACK)


def half_widths(quantile: float | Array, deviations: Array) -> Array:
    """By how much a logarithm may differ from its prediction."""
    return quantile * (deviations + SLACK)


def quantiles(known: Array, groups: Sequence[str], coverage: float = COVERAGE) -> dict[str, float]:
    """Group -> its quantile; with fewer scores than `FEWEST`, its own or that of all scores, whichever is more."""
    names = np.asarray(groups)
    overall = quantile(known, coverage)
    found = {}
    for name in dict.fromkeys(groups):
        own = known[names == name]
        found[name] = quantile(own, coverage) if len(own) >= FEWEST else max(overall, quantile(own, coverage))
    return found


def difficulty(known: Array, half_widths: Array, unknown_share: Array) -> Array:
    """[graphs] log residual to expect of a graph as the sum of its kernels, up to a factor: the half width of its
    kernels, by their share.

    `known` [graphs, kernels] is what each known kernel adds, `half_widths` [kernels] those of their intervals in
    logarithms. Errors of kernels go together, so that they do not average out.
    """
    of_known = known @ half_widths / np.maximum(known.sum(1), 1e-12)
    found: Array = SLACK + (1 - unknown_share) * of_known + unknown_share * UNKNOWN
    return found
