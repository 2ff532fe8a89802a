"""Convolutions over one, two or three spatial axes: x [N, C, *D], weight [C out, C / groups, *K]."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from exporter.mil.operators.windows import innermost_first, padding

_CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    strides: list[int] | None = None,
    pad_type: str = "valid",
    pad: list[int] | None = None,
    dilations: list[int] | None = None,
    groups: int = 1,
) -> Tensor:
    axes = x.ndim - 2
    strides, dilations = strides or [1] * axes, dilations or [1] * axes
    pairs = padding(pad_type, pad, x.shape[2:], _dilated(weight, dilations), strides)
    inside = [0] * axes
    if all(before == after for before, after in pairs):
        inside = [before for before, _ in pairs]  # spares a copy of x
    else:
        x = F.pad(x, innermost_first(pairs))
    return _CONVOLUTIONS[axes](x, weight, bias, strides, inside, dilations, groups)


def conv_transpose(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    pad: list[int] | None = None,
    output_shape: list[int] | None = None,
    pad_type: str = "valid",
    strides: list[int] | None = None,
    dilations: list[int] | None = None,
    groups: int = 1,
) -> Tensor:
    """weight [C, C out / groups, *K]. The gradient of the convolution that takes [N, C out, *output_shape] to x.

    Padding crops, therefore; `output_shape` says which of the extents that come to those of x is meant.
    """
    axes = x.ndim - 2
    strides, dilations = strides or [1] * axes, dilations or [1] * axes
    kernel = _dilated(weight, dilations)
    whole = _TRANSPOSED[axes](x, weight, None, strides, 0, 0, groups, dilations)
    if pad_type == "same_lower":
        raise NotImplementedError("pad_type same_lower")
    if output_shape is not None:
        wanted = output_shape[2:]
    elif pad_type == "same":
        wanted = [extent * stride for extent, stride in zip(x.shape[2:], strides, strict=True)]
    else:
        pairs = padding(pad_type, pad, x.shape[2:], kernel, strides)
        wanted = [extent - before - after for extent, (before, after) in zip(whole.shape[2:], pairs, strict=True)]
    pairs = padding(pad_type, pad, wanted, kernel, strides)
    # A negative pad crops. Elements that no window reaches are zeros before the bias.
    crops = [
        (-before, size + before - extent)
        for size, extent, (before, _) in zip(wanted, whole.shape[2:], pairs, strict=True)
    ]
    result = F.pad(whole, innermost_first(crops))
    return result if bias is None else result + bias.reshape(-1, *[1] * axes)


def _dilated(weight: Tensor, dilations: list[int]) -> list[int]:
    """Sizes of the kernel with the gaps inside it."""
    return [(size - 1) * dilation + 1 for size, dilation in zip(weight.shape[2:], dilations, strict=True)]


OPERATORS = {"conv": conv, "conv_transpose": conv_transpose}
