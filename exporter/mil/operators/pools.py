"""Pools over one, two or three spatial axes of x [N, C, *D]."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from exporter.mil.operators.windows import innermost_first, padding


def avg_pool(
    x: Tensor,
    kernel_sizes: list[int],
    strides: list[int] | None = None,
    pad_type: str = "valid",
    pad: list[int] | None = None,
    exclude_padding_from_average: bool = False,
    ceil_mode: bool = False,
) -> Tensor:
    """What `ceil_mode` adds beyond the padding is never counted, as PyTorch does."""
    axes = _axes(x, kernel_sizes, strides, pad_type, pad, ceil_mode)
    counted = _windows(
        torch.ones_like(x[:1, :1]), axes, padded=0.0 if exclude_padding_from_average else 1.0, beyond=0.0
    )
    return _windows(x, axes, padded=0.0, beyond=0.0).sum(-1) / counted.sum(-1)


def l2_pool(
    x: Tensor,
    kernel_sizes: list[int],
    strides: list[int] | None = None,
    pad_type: str = "valid",
    pad: list[int] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    axes = _axes(x, kernel_sizes, strides, pad_type, pad, ceil_mode)
    return _windows(x, axes, padded=0.0, beyond=0.0).square().sum(-1).sqrt()


def max_pool(
    x: Tensor,
    kernel_sizes: list[int],
    strides: list[int] | None = None,
    pad_type: str = "valid",
    pad: list[int] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    axes = _axes(x, kernel_sizes, strides, pad_type, pad, ceil_mode)
    return _windows(x, axes, padded=-math.inf, beyond=-math.inf).amax(-1)


@dataclass(frozen=True)
class _Axis:
    """How windows lie along a spatial axis."""

    size: int
    stride: int
    before: int
    after: int
    beyond: int
    """Elements after the padding that a last, incomplete window needs"""


def _axes(
    x: Tensor, kernel: list[int], strides: list[int] | None, pad_type: str, pad: list[int] | None, ceil_mode: bool
) -> list[_Axis]:
    strides = strides or [1] * len(kernel)
    pairs = padding(pad_type, pad, x.shape[2:], kernel, strides)
    axes = []
    for extent, size, stride, (before, after) in zip(x.shape[2:], kernel, strides, pairs, strict=True):
        if max(before, after) >= size:
            raise NotImplementedError("windows that see nothing but padding")
        left_over = (extent + before + after - size) % stride
        last = extent + before + after - size - left_over + stride
        needed = ceil_mode and left_over > 0
        if needed and last >= extent + before:
            # PyTorch drops a window that begins beyond the input; Core ML's documents do without padding, say, not.
            if before + after == 0:
                raise NotImplementedError("a window beyond the input")
            needed = False
        axes.append(_Axis(size, stride, before, after, stride - left_over if needed else 0))
    return axes


def _windows(x: Tensor, axes: list[_Axis], padded: float, beyond: float) -> Tensor:
    """[N, C, *D out, elements of a window], with one value in the padding and one beyond it."""
    x = F.pad(x, innermost_first([(axis.before, axis.after) for axis in axes]), value=padded)
    x = F.pad(x, innermost_first([(0, axis.beyond) for axis in axes]), value=beyond)
    for number, axis in enumerate(axes, 2):
        x = x.unfold(number, axis.size, axis.stride)
    return x.flatten(-len(axes))


OPERATORS = {"avg_pool": avg_pool, "l2_pool": l2_pool, "max_pool": max_pool}
