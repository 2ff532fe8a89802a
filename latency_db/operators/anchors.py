"""Which kernels to measure on a device first, so that a few of them say most about all.

A kernel's time is taken for a Gaussian process over its sizes, in which kernels of one class are more alike than
others. Chosen is, one after the other, the kernel whose time would take away most of what is uncertain of all (greedy
A-optimal design); a kernel that is used more counts for more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latency_db.kernel import Kernel
from latency_db.operators.features import SIZE_COLUMNS, features, kernel_class
from latency_db.operators.gaussian_process import Array
from latency_db.operators.process import Scaling

_LENGTH, _OTHER_CLASS, _NOISE = 2.0, 0.3, 0.05
"""In standard deviations of the sizes; how alike kernels of two classes are, at most; the variance of one time. They
were not tuned."""


def anchors(kernels: Sequence[Kernel], weights: Sequence[float], count: int) -> list[int]:
    """Indices of the kernels to measure, the most telling first; all of them where there are no more than `count`.

    It takes the square of their number in memory, and that times `count` in time: 2,000 kernels and 300 take seconds.
    """
    uncertain = _covariances(kernels)
    importance = np.asarray(weights, dtype=np.float64)
    chosen: list[int] = []
    left = np.ones(len(kernels), dtype=bool)
    while left.any() and len(chosen) < count:
        gains = importance @ uncertain**2 / (np.diag(uncertain) + _NOISE)
        best = int(np.argmax(np.where(left, gains, -np.inf)))
        chosen.append(best)
        left[best] = False
        column = uncertain[best].copy()
        uncertain -= np.outer(column, column / (column[best] + _NOISE))
    return chosen


def _covariances(kernels: Sequence[Kernel]) -> Array:
    sizes = features(kernels)[:, SIZE_COLUMNS]
    scaled = Scaling.of(sizes).apply(sizes)
    squares = (scaled**2).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares[None, :] - 2 * scaled @ scaled.T, 0.0)
    classes = np.array([kernel_class(kernel) for kernel in kernels])
    alike = np.where(classes[:, None] == classes[None, :], 1.0, _OTHER_CLASS)
    covariances: Array = alike * np.exp(-distances / (2 * _LENGTH**2))
    return covariances
