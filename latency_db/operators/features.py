"""What a kernel's time depends on, as numbers: a matrix with a row for each kernel.

Sizes are natural logarithms, so that a power law is a straight line. GPUs read channels in slices of four and compute
results in blocks; where a size does not fill its slices and blocks, the rest is waste, and so these count, too. Two
features tell which of its own kernels a GPU delegate chooses, as far as shapes say it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, prod

import numpy as np
from numpy.typing import NDArray

from latency_db.kernel import Kernel, Shape

SLICE = 4
"""Channels in a texel"""

WINOGRAD_CHANNEL_SLICES, WINOGRAD_TILES = 16, 32
"""Least slices of channels read and written, and tiles of 4 × 4 results, with which TFLite's delegate runs Winograd's
algorithm; on all GPUs of the tables but Adreno, and on these for no shape."""

CONSTANT_BYTES, CONSTANT_SLICES = 3584, 8
"""Most bytes of weights (float16) and slices of results with which weights are constants of the kernel on Adreno 6xx:
up to three times as fast."""

_FUSED = ("relu", "relu6", "hardswish", "sigmoid", "add", "mul")
_FIRST = (
    "conv2d", "linear", "cat", "batch_norm", "mean", "max_pool2d", "avg_pool2d", "add", "mul", "relu", "relu6",
    "hardswish", "sigmoid",
)  # fmt: skip


def features(kernels: Sequence[Kernel]) -> NDArray[np.float64]:
    """[kernels, FEATURES]"""
    rows = [list(_values(kernel).values()) for kernel in kernels]
    return np.array(rows, dtype=np.float64).reshape(len(kernels), len(FEATURES))


def kernel_class(kernel: Kernel) -> str:
    """Kernels of one class are alike enough for one model: their kind, but grouped convolutions and pooling of whole
    pictures apart."""
    if kernel.kind == "conv" and kernel.groups > 1:
        return "grouped_conv"
    if kernel.kind == "pooling" and not kernel.window:
        return "global_pooling"
    return kernel.kind


def winograd_fits(kernel: Kernel) -> bool:
    """Whether TFLite's GPU delegate computes a convolution by Winograd's algorithm where it has it at all."""
    if kernel.kind != "conv" or kernel.groups > 1 or kernel.dilation:
        return False
    if (kernel.window, kernel.stride) != ((3, 3), (1, 1)):
        return False
    read, written = kernel.inputs[0], kernel.outputs[0]
    tiles = prod(_blocks(extent, 4) for extent in written[2:])
    slices = min(_blocks(read[1], SLICE), _blocks(written[1], SLICE))
    return slices >= WINOGRAD_CHANNEL_SLICES and tiles >= WINOGRAD_TILES


def weights_are_constants(kernel: Kernel) -> bool:
    """Whether a convolution's weights are small enough to be constants of its kernel on Adreno."""
    if kernel.kind != "conv" or kernel.groups > 1:
        return False
    slices = _blocks(kernel.outputs[0][1], SLICE)
    size = 2 * kernel.inputs[0][1] * prod(kernel.window) * slices * SLICE
    return size <= CONSTANT_BYTES and slices <= CONSTANT_SLICES


def _values(kernel: Kernel) -> dict[str, float]:
    read, written = kernel.inputs[0] if kernel.inputs else (), kernel.outputs[0]
    channels, out_channels = _channels(read), _channels(written)
    pixels, out_pixels = _pixels(read), _pixels(written)
    slices, out_slices = _blocks(channels, SLICE), _blocks(out_channels, SLICE)
    rows = written[2:] if len(written) == 4 else (out_pixels,)
    size = kernel.bytes_written // max(kernel.elements_written, 1)
    first, *fused = kernel.operations
    return {
        "batch": _log(written[0] if written else 1),
        "element_bytes": float(size),
        "pixels_read": _log(pixels),
        "pixels_written": _log(out_pixels),
        "channels_read": _log(channels),
        "channels_written": _log(out_channels),
        "channels_per_group": _log(channels / kernel.groups),
        "channels_of_all_inputs": _log(sum(map(_channels, kernel.inputs))),
        "inputs": float(len(kernel.inputs)),
        "macs": _log(kernel.macs),
        "bytes": _log(kernel.bytes_read + kernel.bytes_written),
        "window": _log(prod(kernel.window)),
        "stride": _log(prod(kernel.stride)),
        "dilation": _log(prod(kernel.dilation)),
        "margin_read": float(bool(kernel.window) and pixels > out_pixels * prod(kernel.stride)),
        "unfilled_slice_read": float(-channels % SLICE),
        "unfilled_slice_written": float(-out_channels % SLICE),
        "unfilled_8_written": float(-out_channels % 8),
        "unfilled_16_written": float(-out_channels % 16),
        "odd_slices_read": float(slices % 2),
        "odd_slices_written": float(out_slices % 2),
        "fours_of_slices_read": float(slices % 4 == 0),
        "threes_of_slices_written": float(out_slices % 3 == 0),
        "small_blocks_written": _log(out_slices * prod(_blocks(extent, 2) for extent in rows)),
        "large_blocks_written": _log(_blocks(out_channels, 16) * prod(_blocks(extent, 8) for extent in rows)),
        "winograd": float(winograd_fits(kernel)),
        "constant_weights": float(weights_are_constants(kernel)),
        **{f"fused_{name}": float(name in fused) for name in _FUSED},
        "fused_other": float(any(name not in _FUSED for name in fused)),
        **{f"first_{name}": float(name == first) for name in _FIRST},
        "first_other": float(first not in _FIRST),
    }


def _channels(shape: Shape) -> int:
    return shape[1] if len(shape) == 4 else (shape[-1] if shape else 1)


def _pixels(shape: Shape) -> int:
    """Extents that are neither the batch nor the channels, multiplied."""
    return prod(shape[2:] if len(shape) == 4 else shape[1:-1])


def _blocks(extent: int, size: int) -> int:
    return -(-extent // size)


def _log(size: float) -> float:
    """0 of what there is none of"""
    return log(max(size, 1))


FEATURES = tuple(_values(Kernel("elementwise", ("relu",), ((1, 1, 1, 1),), ((1, 1, 1, 1),))))
"""Names of the columns"""

_SIZES = (
    "pixels_read", "pixels_written", "channels_read", "channels_written", "channels_per_group", "macs", "bytes",
    "window", "stride",
)  # fmt: skip
SIZE_COLUMNS = [FEATURES.index(name) for name in _SIZES]
"""Columns by which kernels of different devices and classes are compared: how large they are, and nothing else"""
