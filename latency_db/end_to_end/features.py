"""What a graph costs, in 35 numbers that add up over its kernels: what a roofline is fitted to.

A graph is one row of a matrix [graphs, features], so that thousands of candidates are one product with a cell's
coefficients. Numbers are in millions (of multiply-accumulates, elements, weights), but for counts.

What is said here of how XNNPACK and QNNPACK run is inferred from what simpler rooflines left over (their residuals).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from latency_db.kernel import Kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TRAFFIC = (
    "pointwise conv",
    "conv",
    "grouped conv",
    "depthwise_conv",
    "linear",
    "matmul",
    "normalisation",
    "softmax",
    "pooling",
    "elementwise",
    "transcendental",
    "resampling",
    "data_movement",
)
NAMES: tuple[str, ...] = (
    "work pointwise conv",
    "work conv",
    "work grouped conv",
    "work strided conv",  # besides that of all convolutions
    "work large conv",  # of more than 3×3, besides
    "tiles pointwise conv",
    "tiles conv",
    "tiles grouped conv",
    "macs depthwise_conv",
    "macs depthwise 5×5",  # besides that of all depthwise convolutions
    "macs depthwise 7×7",  # besides: QNNPACK has no kernel for them, to judge by PyTorch's residuals
    "macs linear",
    "macs matmul",
    *(f"traffic {name}" for name in _TRAFFIC),
    "weights pointwise conv",
    "weights conv",
    "weights linear",
    "kernels",
    "kernels conv",
    "kernels depthwise_conv",
    "kernels elementwise",
    "kernels data_movement",
    "groups",
)
_PLACE = {name: place for place, name in enumerate(NAMES)}

_TILE = 8
"""Channels that a matrix kernel of XNNPACK or QNNPACK makes at once, to judge by residuals: fewer cost as much."""
_TRANSCENDENTAL = {"gelu", "silu", "sigmoid", "tanh", "exp", "softplus", "erf", "pow", "sqrt", "rsqrt"}


def of_graph(kernels: Iterable[Kernel]) -> NDArray[np.float64]:
    """[features]; zeros of a graph without kernels."""
    return sum((of_kernel(kernel) for kernel in kernels), np.zeros(len(NAMES)))


@lru_cache(maxsize=1 << 16)
def of_kernel(kernel: Kernel) -> NDArray[np.float64]:
    """[features]"""
    row = np.zeros(len(NAMES))
    kind = _class(kernel)
    terms = {f"traffic {kind}": (kernel.elements_read + kernel.elements_written) / 1e6, "kernels": 1.0}
    terms |= {f"kernels {kernel.kind if kind == 'transcendental' else kind}": 1.0}
    if kind.endswith("conv") and kind != "depthwise_conv":
        terms |= _of_conv(kernel, kind)
    elif kind == "depthwise_conv":
        terms |= _of_depthwise(kernel)
    elif kind in ("linear", "matmul"):
        terms |= {f"macs {kind}": kernel.macs / 1e6, f"weights {kind}": kernel.weights / 1e6}
    for name, value in terms.items():
        if name in _PLACE:
            row[_PLACE[name]] = value
    row.flags.writeable = False  # it is shared with who asks next
    return row


def _class(kernel: Kernel) -> str:
    """What a kernel's traffic is counted as."""
    if kernel.kind in ("conv", "transposed_conv"):
        if kernel.groups > 1:
            return "grouped conv"
        return "pointwise conv" if prod(kernel.window) == 1 else "conv"
    if kernel.kind == "elementwise" and not _TRANSCENDENTAL.isdisjoint(kernel.operations):
        return "transcendental"
    return "matmul" if kernel.kind == "attention" else kernel.kind


def _of_conv(kernel: Kernel, kind: str) -> dict[str, float]:
    made = kernel.outputs[0][1] // kernel.groups
    tiles_of_channels = -(-made // _TILE)
    work = kernel.macs / made * tiles_of_channels * _TILE / 1e6
    positions = kernel.elements_written / kernel.outputs[0][1]
    return {
        f"work {kind}": work,
        "work strided conv": work * (kind == "conv" and prod(kernel.stride) > 1),
        "work large conv": work * (prod(kernel.window) > 9),
        # To judge by residuals, each tile follows a pointer for each place of the window, however few channels there
        # are to sum over.
        f"tiles {kind}": positions * tiles_of_channels * kernel.groups * prod(kernel.window) / 1e6,
        f"weights {'pointwise conv' if kind == 'pointwise conv' else 'conv'}": kernel.weights / 1e6,
        "groups": float(kernel.groups if kernel.groups > 1 else 0),
    }


def _of_depthwise(kernel: Kernel) -> dict[str, float]:
    macs, window = kernel.macs / 1e6, prod(kernel.window)
    return {
        "macs depthwise_conv": macs,
        "macs depthwise 5×5": macs * (9 < window <= 25),
        "macs depthwise 7×7": macs * (window > 25),
    }
