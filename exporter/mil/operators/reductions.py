"""Reductions over axes, and what picks or orders elements along one."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def _over_axes(function: Callable[[Tensor, list[int]], Tensor]) -> Callable[..., Tensor]:
    """`function` keeps the reduced axes as 1."""

    def operator(x: Tensor, axes: list[int] | None = None, keep_dims: bool = False) -> Tensor:
        axes = sorted({axis % x.ndim for axis in (range(x.ndim) if axes is None else axes)})
        kept = function(x, axes)
        if kept.is_floating_point() and not x.is_floating_point():
            raise NotImplementedError("integers, whose result is declared one")
        return kept if keep_dims else kept.squeeze(axes)

    return operator


def reduce_argmax(x: Tensor, axis: int = -1, keep_dims: bool = False, output_dtype: str = "int32") -> Tensor:
    return x.argmax(axis, keep_dims)


def reduce_argmin(x: Tensor, axis: int = -1, keep_dims: bool = False, output_dtype: str = "int32") -> Tensor:
    return x.argmin(axis, keep_dims)


def argsort(x: Tensor, axis: int = -1, ascending: bool = False) -> Tensor:
    return x.argsort(dim=axis, descending=not ascending, stable=True)


def topk(
    x: Tensor,
    k: int = 1,
    axis: int = -1,
    ascending: bool = False,
    sort: bool = True,
    return_indices: bool = True,
    output_indices_dtype: str = "int32",
) -> tuple[Tensor, ...]:
    """Finds the `k` greatest, or least, elements along an axis in order, and where they are; -1 is all."""
    values, indices = x.sort(dim=axis, descending=not ascending, stable=True)
    count = x.shape[axis] if k == -1 else k
    first = values.narrow(axis, 0, count), indices.narrow(axis, 0, count)
    return first if return_indices else first[:1]


def _product(x: Tensor, axes: list[int]) -> Tensor:
    for axis in axes:
        x = x.prod(axis, keepdim=True)
    return x


_REDUCTIONS: dict[str, Callable[[Tensor, list[int]], Tensor]] = {
    "reduce_l1_norm": lambda x, axes: x.abs().sum(axes, keepdim=True),
    "reduce_l2_norm": lambda x, axes: x.square().sum(axes, keepdim=True).sqrt(),
    "reduce_log_sum": lambda x, axes: x.sum(axes, keepdim=True).log(),
    "reduce_log_sum_exp": lambda x, axes: x.logsumexp(axes, keepdim=True),
    "reduce_max": lambda x, axes: x.amax(axes, keepdim=True),
    "reduce_mean": lambda x, axes: x.mean(axes, keepdim=True, dtype=torch.float32),
    "reduce_min": lambda x, axes: x.amin(axes, keepdim=True),
    "reduce_prod": _product,
    "reduce_sum": lambda x, axes: x.sum(axes, keepdim=True),
    "reduce_sum_square": lambda x, axes: x.square().sum(axes, keepdim=True),
}

OPERATORS = {
    **{kind: _over_axes(function) for kind, function in _REDUCTIONS.items()},
    "argsort": argsort,
    "reduce_argmax": reduce_argmax,
    "reduce_argmin": reduce_argmin,
    "topk": topk,
}
