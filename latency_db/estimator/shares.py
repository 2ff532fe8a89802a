"""What each kernel takes where only the whole is known: its share by the roofline of the nearest cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latency_db.end_to_end.features import of_kernel
from latency_db.estimator.estimate import KernelEstimate
from latency_db.estimator.question import Question

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SHARE = "share of the total"
ROOFLINE = "roofline of the cell"

_MACS_PER_ELEMENT = 10.0
"""Multiply-accumulates that cost what moving one element costs, where no cell says; about what accelerators balance"""


def divided(
    question: Question,
    total: tuple[float, float, float],
    coefficients: Array | None = None,
    method: str = SHARE,
) -> tuple[KernelEstimate, ...]:
    """The kernels of a question, whose ms, low and high add up to those of the whole.

    Shares are those under a cell's coefficients [features], else by multiply-accumulates and elements moved.
    """
    kernels = question.kernels
    if coefficients is not None:
        costs = np.array([float(of_kernel(kernel) @ coefficients) for _, kernel in kernels])
    if coefficients is None or not costs.any():
        moved = [
            kernel.macs / _MACS_PER_ELEMENT + kernel.elements_read + kernel.elements_written for _, kernel in kernels
        ]
        costs = np.array(moved, float)
    counts = np.array(list(kernels.values()), float)
    each = costs / (costs @ counts)
    ms, low, high = total
    shares = zip(kernels.items(), each.tolist(), strict=True)
    return tuple(
        KernelEstimate(graph, kernel, count, ms * share, low * share, high * share, method)
        for ((graph, kernel), count), share in shares
    )
