"""What each kernel takes where only the whole is known: its share by the roofline of the nearest cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from latency_db.end_to_end.features import NAMES, of_kernel
from latency_db.estimator.estimate import KernelEstimate
from latency_db.kernel import Kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SHARE = "share of the total"
ROOFLINE = "roofline of the cell"

_MACS_PER_ELEMENT = 10.0
"""Multiply-accumulates that cost what moving one element costs, where no cell says: assumed"""


def _usual(name: str) -> float:
    if name.startswith("traffic") or name in ("weights conv", "weights pointwise conv", "weights linear"):
        return 1.0
    multiplies = name in ("macs depthwise_conv", "macs linear", "macs matmul")
    multiplies |= name in ("work pointwise conv", "work conv", "work grouped conv")
    return 1 / _MACS_PER_ELEMENT if multiplies else 0.0


USUAL = np.array([_usual(name) for name in NAMES])
"""[features] what each costs next to the others where no cell says: everything that is multiplied or moved"""


def divided(
    kernels: Mapping[tuple[str, Kernel], int],
    total: tuple[float, float, float],
    coefficients: Array = USUAL,
    method: str = SHARE,
) -> tuple[KernelEstimate, ...]:
    """Kernels, (graph, kernel) -> how often, whose ms, low and high add up to those of the whole.

    Shares are those under a cell's coefficients [features], or what is usual where nothing costs anything under these.
    """
    features = np.stack([of_kernel(kernel) for _, kernel in kernels])
    costs = features @ (coefficients if (features @ coefficients).any() else USUAL)
    counts = np.array(list(kernels.values()), float)
    each = costs / (costs @ counts)
    ms, low, high = total
    shares = zip(kernels.items(), each.tolist(), strict=True)
    return tuple(
        KernelEstimate(graph, kernel, count, ms * share, low * share, high * share, method)
        for ((graph, kernel), count), share in shares
    )
