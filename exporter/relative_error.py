"""The measure of every comparison: how far values are off, as a share of the range of what they should be."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def relative_error(actual: NDArray[Any], expected: NDArray[Any]) -> float:
    """max|a-b| / max|b|; not a number, or infinite, where a value is."""
    scale = max(float(np.abs(expected).max()), float(np.finfo(np.float32).tiny))
    return float(np.abs(actual.astype(np.float64) - expected).max()) / scale
