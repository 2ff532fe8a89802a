"""The measures of every comparison: how far values are off, as a share of what they should be."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def relative_error(actual: NDArray[Any], expected: NDArray[Any]) -> float:
    """The greatest difference as a share of the range, max|a-b| / max|b|; not finite where a value is not."""
    return float(np.abs(actual.astype(np.float64) - expected).max()) / value_range(expected)


def value_range(expected: NDArray[Any]) -> float:
    """The greatest absolute value, max|b|; of zeros alone, which have no range, the least normal number of float32."""
    return max(float(np.abs(expected).max()), float(np.finfo(np.float32).tiny))


def sqnr(actual: NDArray[Any], expected: NDArray[Any]) -> float:
    """Signal to quantisation noise in dB, 10 log10(sum b² / sum (a-b)²); infinite where the two are equal."""
    noise = np.square(actual.astype(np.float64) - expected).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(10 * np.log10(np.square(expected, dtype=np.float64).sum() / noise)) if noise else float("inf")
