"""Weights as a package keeps them, and what they stand for: a table `constexpr_… -> function` on NumPy arrays.

A function takes its operator's parameters by their names in Apple's specification (coremltools,
`converters/mil/mil/ops/defs`, iOS16 and iOS18), and computes in the type that its result has, as coremltools does.
Where iOS 16 packs into bytes what iOS 18 keeps as a tensor of few bits, `shape` says what to unpack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def affine_dequantize(quantized_data: Array, zero_point: Array, scale: Array, axis: Array) -> Array:
    """scale * (quantized_data - zero_point), of which each has one number, or one for each index of the axis."""
    along = [1] * quantized_data.ndim
    along[int(axis)] = -1
    steps = quantized_data.astype(np.float32) - zero_point.astype(np.float32).reshape(along)
    return (steps * scale.reshape(along)).astype(scale.dtype)


def blockwise_shift_scale(data: Array, scale: Array, offset: Array | None = None) -> Array:
    """scale * (data - offset): the numbers of an axis have blocks of equal length."""
    steps = data.astype(scale.dtype)
    if offset is not None:
        steps = steps - _spread(offset, data.shape)
    return (_spread(scale, data.shape) * steps).astype(scale.dtype)


def lut_to_dense(indices: Array, lut: Array, vector_axis: Array | None = None, shape: Array | None = None) -> Array:
    """Picks from palettes: `lut` [*blocks of each axis of `indices`, palette, vector]; vectors lie along their axis."""
    if shape is not None:
        indices = _unpacked(indices, (lut.size - 1).bit_length(), shape)
        lut = lut.reshape(*[1] * indices.ndim, -1, 1)
    blocks = np.ix_(
        *(np.arange(extent) // (extent // count) for extent, count in zip(indices.shape, lut.shape, strict=False))
    )
    vectors = lut[(*blocks, indices)]
    axis = (0 if vector_axis is None else int(vector_axis)) % indices.ndim  # of vectors of one there need be none
    extents = list(indices.shape)
    extents[axis] *= vectors.shape[-1]
    return np.moveaxis(vectors, -1, axis + 1).reshape(extents)


def sparse_to_dense(nonzero_data: Array, mask: Array, shape: Array | None = None) -> Array:
    """Zeros, and `nonzero_data` in order where the mask is set."""
    if shape is not None:
        mask = _unpacked(mask, 1, shape)
    dense = np.zeros(mask.shape, nonzero_data.dtype)
    dense[mask != 0] = nonzero_data
    return dense


def lut_to_sparse(
    indices_mask: Array, indices_nonzero_data: Array, lut: Array, vector_axis: Array | None = None
) -> tuple[Array, Array]:
    """A mask, and what stands where it is set: for each index there a vector."""
    dense = lut_to_dense(sparse_to_dense(indices_nonzero_data, indices_mask), lut, vector_axis)
    mask = indices_mask if vector_axis is None else np.repeat(indices_mask, lut.shape[-1], int(vector_axis))
    return mask, dense[mask != 0]


def sparse_blockwise_shift_scale(
    data_mask: Array, nonzero_data: Array, scale: Array, offset: Array | None = None
) -> tuple[Array, Array]:
    """The mask, and what stands where it is set."""
    dense = blockwise_shift_scale(sparse_to_dense(nonzero_data, data_mask), scale, offset)
    return data_mask, dense[data_mask != 0]


def cast(source_val: Array, output_dtype: Array) -> Array:
    """Single precision, which is the only type that there is to cast to."""
    return source_val.astype(np.float32)


def _spread(values: Array, shape: tuple[int, ...]) -> Array:
    """Each number of an axis for all of its block; a single one is left to broadcasting."""
    for axis, (extent, count) in enumerate(zip(shape, values.shape, strict=True)):
        if 1 < count < extent:
            values = np.repeat(values, extent // count, axis)
    return values


def _unpacked(packed: Array, bits: int, shape: Array) -> Array:
    """Unsigned numbers of a few bits each, which follow one another from the least significant bit of each byte on."""
    wanted = int(np.prod(shape)) * bits
    fields = np.unpackbits(packed.view(np.uint8), bitorder="little")[:wanted].reshape(-1, bits)
    return np.packbits(fields, axis=-1, bitorder="little").reshape(tuple(map(int, shape)))


DECOMPRESSIONS: dict[str, Callable[..., Array | tuple[Array, ...]]] = {
    f"constexpr_{function.__name__}": function
    for function in (
        affine_dequantize,
        blockwise_shift_scale,
        cast,
        lut_to_dense,
        lut_to_sparse,
        sparse_blockwise_shift_scale,
        sparse_to_dense,
    )
}
