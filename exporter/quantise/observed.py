"""What values a tensor takes over all calibration inputs, and the range that its integers are to stand for.

All inputs count alike: a moving average, with which some toolchains begin at their first picture, lost 20 dB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

BINS = 2048
"""Of a histogram, whose width doubles whenever a value lies beyond it"""
CLIPPED = tuple(np.linspace(0.2, 1.0, 33))
"""Shares of a range that are tried for the least error"""


class Range(NamedTuple):
    """From the least value to the greatest."""

    low: float
    high: float


class Observed:
    """A tensor's values, counted: bins of equal width around zero, and the extremes as they were."""

    def __init__(self) -> None:
        self.counts: NDArray[np.int64] = np.zeros(BINS, np.int64)
        self.most = 0.0
        """The histogram reaches from -most to most"""
        self.low, self.high = np.inf, -np.inf

    def add(self, values: NDArray[Any]) -> None:
        """Count all of an array; raises `ValueError` where one of them is not finite."""
        if not values.size:
            return
        low, high = float(values.min()), float(values.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ValueError("values that are not finite have no range")
        self.low, self.high = min(self.low, low), max(self.high, high)
        self._reach(max(-low, high))
        if self.most:
            self.counts += np.histogram(values, BINS, (-self.most, self.most))[0]
        else:
            self.counts[BINS // 2] += values.size

    def _reach(self, most: float) -> None:
        if not self.most:
            self.most = most
        while self.most < most:
            inner = self.counts.reshape(-1, 2).sum(1)
            self.counts = np.pad(inner, BINS // 4)
            self.most *= 2

    @property
    def middles(self) -> NDArray[np.floating[Any]]:
        """Of the bins"""
        return (np.arange(BINS) + 0.5) * (2 * self.most / BINS) - self.most


def observed(runs: Iterable[Mapping[str, NDArray[Any]]]) -> dict[str, Observed]:
    """Each tensor's values in several runs, by its name."""
    found: dict[str, Observed] = {}
    for values in runs:
        for name, value in values.items():
            found.setdefault(name, Observed()).add(value)
    return found


Reading = Callable[[Observed], Range]
"""How a range is read off what was observed"""


def extremes(observed: Observed) -> Range:
    """All values, which is what toolchains call min/max. Raises `ValueError` where nothing was observed."""
    if observed.low > observed.high:
        raise ValueError("a tensor of which nothing was observed has no range: there are no calibration inputs")
    return Range(observed.low, observed.high)


def percentile(share: float) -> Reading:
    """All but a share of the values at each end, such as 1e-4."""

    def read(observed: Observed) -> Range:
        whole = extremes(observed)
        seen = observed.counts.cumsum() / observed.counts.sum()
        width = 2 * observed.most / BINS
        low = observed.middles[np.searchsorted(seen, share, side="right")] - width / 2
        high = observed.middles[np.searchsorted(seen, 1 - share)] + width / 2
        return Range(max(whole.low, float(low)), min(whole.high, float(high)))

    return read


nearly_all = percentile(1e-5)
"""What is usual: a few values that hardly any picture has took half a dB from all others, or 6"""


def least_error(bits: int) -> Reading:
    """The share of all values that has the least mean squared error when it is rounded to integers of so many bits."""

    def read(observed: Observed) -> Range:
        tried = [Range(observed.low * share, observed.high * share) for share in CLIPPED]
        return min(tried, key=lambda one: _error(observed, affine(one, bits)))

    return read


class Affine(NamedTuple):
    """A value is scale · (integer - zero point)."""

    scale: float
    zero_point: int
    bits: int

    def rounded(self, values: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """The values that the nearest integers stand for."""
        low = -(2 ** (self.bits - 1))
        integers = np.round(values / self.scale) + self.zero_point
        return self.scale * (integers.clip(low, -low - 1) - self.zero_point)


def affine(range: Range, bits: int = 8) -> Affine:
    """Signed integers for a range, which is widened to have zero in it.

    Without zero in it the zero point is no integer of so many bits, and a runtime cuts it off (arXiv 2303.12557 §3.2).
    """
    low, high = min(range.low, 0.0), max(range.high, 0.0)
    steps = 2**bits - 1
    scale = (high - low) / steps or 1.0
    return Affine(scale, round(-low / scale) - 2 ** (bits - 1), bits)


def symmetric(range: Range, bits: int = 8) -> Affine:
    """Signed integers without a zero point, whose scale is that of the greatest: the least would reach farther."""
    most = max(-range.low, range.high, 0.0)
    return Affine(most / (2 ** (bits - 1) - 1) or 1.0, 0, bits)


def _error(observed: Observed, how: Affine) -> float:
    middles = observed.middles
    return float((observed.counts * np.square(how.rounded(middles) - middles)).sum())
