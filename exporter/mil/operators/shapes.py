"""Operators that move elements and compute nothing."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def band_part(x: Tensor, lower: int = -1, upper: int = -1) -> Tensor:
    """Keeps `lower` diagonals below the main one and `upper` above, and puts zeros elsewhere; -1 keeps all."""
    rows, columns = x.shape[-2:]
    below = torch.arange(rows)[:, None] - torch.arange(columns)
    kept = ((lower < 0) | (below <= lower)) & ((upper < 0) | (-below <= upper))
    return torch.where(kept, x, torch.zeros((), dtype=x.dtype))


def concat(values: list[Tensor], axis: int, interleave: bool = False) -> Tensor:
    """Joins tensors; interleaved, the first element of each comes before the second of any, and so on."""
    if not interleave:
        return torch.cat([value.reshape(1) if value.ndim == 0 else value for value in values], axis)
    axis %= values[0].ndim
    return torch.stack(values, axis + 1).flatten(axis, axis + 1)


def crop(x: Tensor, crop_height: list[int], crop_width: list[int]) -> Tensor:
    (top, bottom), (left, right) = crop_height, crop_width
    return x[..., top : x.shape[-2] - bottom, left : x.shape[-1] - right]


def depth_to_space(x: Tensor, block_size: int) -> Tensor:
    """[N, b * b * C, H, W], the block's offsets outermost -> [N, C, b * H, b * W]"""
    n, channels, height, width = x.shape
    blocks = x.reshape(n, block_size, block_size, channels // block_size**2, height, width)
    return blocks.permute(0, 3, 4, 1, 5, 2).reshape(n, -1, height * block_size, width * block_size)


def expand_dims(x: Tensor, axes: list[int]) -> Tensor:
    """Adds axes of one element; `axes` are those of the result."""
    rank = x.ndim + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        x = x.unsqueeze(axis)
    return x


def fill(shape: list[int], value: Tensor) -> Tensor:
    return value.expand(shape)


def fill_like(ref_tensor: Tensor, value: Tensor) -> Tensor:
    return value.expand(ref_tensor.shape)


def flatten2d(x: Tensor, axis: int = 1) -> Tensor:
    """Makes one axis of those before `axis`, and one of those from it on."""
    rows = x.shape[:axis].numel() if axis else 1
    return x.reshape(rows, -1)


def one_hot(
    indices: Tensor, one_hot_vector_size: int, axis: int = -1, on_value: Tensor | None = None,
    off_value: Tensor | None = None,
) -> Tensor:  # fmt: skip
    on = torch.tensor(1) if on_value is None else on_value
    off = torch.tensor(0) if off_value is None else off_value
    axis = axis if axis >= 0 else axis + indices.ndim + 1
    classes = torch.arange(one_hot_vector_size).reshape(-1, *[1] * (indices.ndim - axis))
    return torch.where(indices.unsqueeze(axis) == classes, on, off)


def pad(x: Tensor, pad: list[int], mode: str = "constant", constant_val: float = 0.0) -> Tensor:
    """`pad` holds (before, after) of the last axes, in order."""
    amounts = [amount for pair in reversed(list(zip(pad[::2], pad[1::2], strict=True))) for amount in pair]
    if mode == "constant":
        return F.pad(x, amounts, value=constant_val)
    for axis, (before, after) in enumerate(zip(pad[::2], pad[1::2], strict=True), x.ndim - len(pad) // 2):
        places = torch.arange(-before, x.shape[axis] + after)
        last = x.shape[axis] - 1
        places = places.clamp(0, last) if mode == "replicate" else last - (last - places.abs()).abs()
        x = x.index_select(axis, places)
    return x


def pixel_shuffle(x: Tensor, upscale_factor: int) -> Tensor:
    return F.pixel_shuffle(x, upscale_factor)


def pixel_unshuffle(x: Tensor, downscale_factor: int) -> Tensor:
    return F.pixel_unshuffle(x, downscale_factor)


def range_1d(end: Tensor, start: Tensor, step: Tensor) -> Tensor:
    """The number of elements is rounded in float32, as coremltools declares it."""
    return start + step * torch.arange(math.ceil((end - start) / step))


def reshape(x: Tensor, shape: list[int]) -> Tensor:
    """0 keeps the extent at its place, counted from the last axis, -1 takes what is left."""
    own = [1] * (len(shape) - x.ndim) + list(x.shape[max(x.ndim - len(shape), 0) :])
    return x.reshape([extent or kept for extent, kept in zip(shape, own, strict=True)])


def reverse(x: Tensor, axes: list[int] | None = None) -> Tensor:
    return x.flip(list(range(x.ndim)) if axes is None else axes)


def shape(x: Tensor) -> Tensor:
    return torch.tensor(x.shape)


def sliding_windows(x: Tensor, axis: int, size: int, stride: int = 1) -> Tensor:
    """In the place of `axis` come the number of windows and their size."""
    axis %= x.ndim
    return x.unfold(axis, size, stride).movedim(-1, axis + 1)


def space_to_depth(x: Tensor, block_size: int) -> Tensor:
    """[N, C, b * H, b * W] -> [N, b * b * C, H, W], the block's offsets outermost"""
    n, channels, height, width = x.shape
    blocks = x.reshape(n, channels, height // block_size, block_size, width // block_size, block_size)
    return blocks.permute(0, 3, 5, 1, 2, 4).reshape(n, -1, height // block_size, width // block_size)


def split(
    x: Tensor, axis: int, num_splits: int | None = None, split_sizes: list[int] | None = None
) -> tuple[Tensor, ...]:
    sizes = split_sizes or [x.shape[axis] // (num_splits or 1)] * (num_splits or 1)
    return torch.split(x, sizes, axis)


def squeeze(x: Tensor, axes: list[int] | None = None) -> Tensor:
    return x.squeeze() if axes is None else x.squeeze(axes)


def stack(values: list[Tensor], axis: int) -> Tensor:
    return torch.stack(values, axis)


def tile(x: Tensor, reps: list[int]) -> Tensor:
    return x.tile(reps)


def transpose(x: Tensor, perm: list[int]) -> Tensor:
    return x.permute(perm)


OPERATORS = {
    function.__name__: function
    for function in (
        band_part,
        concat,
        crop,
        depth_to_space,
        expand_dims,
        fill,
        fill_like,
        flatten2d,
        one_hot,
        pad,
        pixel_shuffle,
        pixel_unshuffle,
        range_1d,
        reshape,
        reverse,
        shape,
        sliding_windows,
        space_to_depth,
        split,
        squeeze,
        stack,
        tile,
        transpose,
    )
}
