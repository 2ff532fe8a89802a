"""Slices, gathers and scatters. Negative indices count from the end, as they do until iOS 16."""

from __future__ import annotations

import torch
from torch import Tensor

from exporter.mil.operators.elementwise import real_div

_REDUCTIONS = {"add": "sum", "sub": "sum", "mul": "prod", "max": "amax", "min": "amin"}


def slice_by_index(
    x: Tensor,
    begin: list[int],
    end: list[int],
    stride: list[int] | None = None,
    begin_mask: list[bool] | None = None,
    end_mask: list[bool] | None = None,
    squeeze_mask: list[bool] | None = None,
) -> Tensor:
    """A masked begin or end is that of the axis; a squeezed axis keeps the element at its begin alone, and goes."""
    rank = x.ndim
    stride, unmasked = stride or [1] * rank, [False] * rank
    squeezed = squeeze_mask or unmasked
    from_first, to_last = begin_mask or unmasked, end_mask or unmasked
    for axis in range(rank):
        if squeezed[axis]:
            first = begin[axis] + x.shape[axis] if begin[axis] < 0 else begin[axis]
            x = x.narrow(axis, 0 if from_first[axis] else first, 1)
            continue
        wanted = slice(
            None if from_first[axis] else begin[axis], None if to_last[axis] else end[axis], stride[axis]
        ).indices(x.shape[axis])
        places = range(*wanted)
        if places.step == 1:
            x = x.narrow(axis, places.start, len(places))
        else:
            x = x.index_select(axis, torch.tensor(places, dtype=torch.long))
    return x.squeeze([axis for axis in range(rank) if squeezed[axis]])


def slice_by_size(x: Tensor, begin: list[int], size: list[int]) -> Tensor:
    """Takes `size` elements of each axis from `begin` on; a size of -1 is all that is left."""
    for axis, (first, count) in enumerate(zip(begin, size, strict=True)):
        x = x.narrow(axis, first, x.shape[axis] - first if count == -1 else count)
    return x


def slice_update(
    x: Tensor,
    update: Tensor,
    begin: list[int],
    end: list[int],
    stride: list[int] | None = None,
    begin_mask: list[bool] | None = None,
    end_mask: list[bool] | None = None,
    squeeze_mask: list[bool] | None = None,
) -> Tensor:
    """What `slice_by_index` would take becomes `update`."""
    places = torch.arange(x.numel()).reshape(x.shape)
    taken = slice_by_index(places, begin, end, stride, begin_mask, end_mask, squeeze_mask)
    return x.flatten().index_copy(0, taken.flatten(), update.flatten()).reshape(x.shape)


def gather(x: Tensor, indices: Tensor, axis: int = 0, batch_dims: int = 0, validate_indices: bool = False) -> Tensor:
    """Gives x.shape[:axis] + indices.shape[batch_dims:] + x.shape[axis + 1:]; `batch_dims` leading axes are shared."""
    axis %= x.ndim
    places = _counted(indices, x.shape[axis])
    if batch_dims == 0:
        return x.index_select(axis, places.flatten()).reshape(x.shape[:axis] + places.shape + x.shape[axis + 1 :])
    pairs = zip(x, places, strict=True)
    return torch.stack([gather(own, which, axis - 1, batch_dims - 1) for own, which in pairs])


def gather_along_axis(x: Tensor, indices: Tensor, axis: int = 0, validate_indices: bool = False) -> Tensor:
    """Each element of `indices` picks along the axis, at its own place in the others."""
    return x.gather(axis, _counted(indices, x.shape[axis]))


def gather_nd(x: Tensor, indices: Tensor, batch_dims: int = 0, validate_indices: bool = False) -> Tensor:
    """The last axis of `indices` [*K, D] is a place in the first D axes of x, behind the shared ones."""
    if batch_dims:
        pairs = zip(x, indices, strict=True)
        return torch.stack([gather_nd(own, which, batch_dims - 1) for own, which in pairs])
    return x[_at(x, indices)]


def scatter(
    data: Tensor, indices: Tensor, updates: Tensor, axis: int = 0, mode: str = "add", validate_indices: bool = False
) -> Tensor:
    """Slice i of `updates` goes to slice indices[i] of the axis."""
    axis %= data.ndim
    shape = [-1 if number == axis else 1 for number in range(data.ndim)]
    spread = indices.reshape(shape).expand(updates.shape)
    return scatter_along_axis(data, spread, updates, axis, mode)


def scatter_along_axis(
    data: Tensor, indices: Tensor, updates: Tensor, axis: int = 0, mode: str = "add", validate_indices: bool = False
) -> Tensor:
    """Each update goes to the place along the axis that its index says, at its own place in the others."""
    places = _counted(indices, data.shape[axis])
    match mode:
        case "update":
            return data.scatter(axis, places, updates)
        case "div":
            return real_div(data, torch.ones_like(data).scatter_reduce(axis, places, updates, "prod"))
        case _:
            return data.scatter_reduce(axis, places, -updates if mode == "sub" else updates, _REDUCTIONS[mode])


def scatter_nd(
    data: Tensor, indices: Tensor, updates: Tensor, mode: str = "add", validate_indices: bool = False
) -> Tensor:
    """Slices of `updates` go to the places in the first axes of `data` that the last axis of `indices` names."""
    places = torch.arange(data.numel()).reshape(data.shape)[_at(data, indices)].flatten()
    return scatter_along_axis(data.flatten(), places, updates.flatten(), 0, mode).reshape(data.shape)


def _counted(indices: Tensor, extent: int) -> Tensor:
    """Indices from the start."""
    return torch.where(indices < 0, indices + extent, indices).long()


def _at(x: Tensor, indices: Tensor) -> tuple[Tensor, ...]:
    return tuple(_counted(one, extent) for one, extent in zip(indices.unbind(-1), x.shape, strict=False))


OPERATORS = {
    function.__name__: function
    for function in (
        gather,
        gather_along_axis,
        gather_nd,
        scatter,
        scatter_along_axis,
        scatter_nd,
        slice_by_index,
        slice_by_size,
        slice_update,
    )
}
