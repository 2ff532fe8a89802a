"""A cell's roofline: t = Σ w·f with w ≥ 0, by robust least squares on the relative error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_ROUNDS = 4
"""Of reweighting"""
_DOUBTFUL = 2.0
"""Residual, in robust standard deviations, from which on a row loses weight (Cauchy's function)"""
_LEAST = 1e-3
"""Share of a latency below which an estimate is as good as nothing; keeps logarithms finite"""


def fitted(features: Array, milliseconds: Array) -> Array:
    """Coefficients [features], in ms for a unit of each, from features [rows, features] and latencies [rows] in ms."""
    from scipy.optimize import nnls

    largest = features.max(0, initial=0.0)
    scale = np.where(largest > 0, largest, 1.0)
    relative = features / scale / milliseconds[:, None]
    weight = np.ones(len(milliseconds))
    coefficients = np.zeros(features.shape[1])
    for _ in range(_ROUNDS):
        coefficients, _ = nnls(relative * weight[:, None], weight, maxiter=100 * len(coefficients))
        residual = np.log(np.maximum(relative @ coefficients, _LEAST))
        deviation = max(1.4826 * float(np.median(np.abs(residual))), 1e-3)
        weight = 1 / np.sqrt(1 + (residual / (_DOUBTFUL * deviation)) ** 2)
    return coefficients / scale


def held_out(features: Array, milliseconds: Array, usable: NDArray[np.bool_], groups: Sequence[str]) -> Array:
    """ln(measured / estimated) [rows], each estimated from the usable rows of the other groups."""
    residual = np.empty(len(milliseconds))
    group = np.array(groups)
    for one in dict.fromkeys(groups):
        out = group == one
        estimated = features[out] @ fitted(features[~out & usable], milliseconds[~out & usable])
        residual[out] = -np.log(np.maximum(estimated / milliseconds[out], _LEAST))
    return residual
