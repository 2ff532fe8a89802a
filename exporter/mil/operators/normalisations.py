"""MIL's normalisations, for which channels are the second axis."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def batch_norm(
    x: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor | None = None, beta: Tensor | None = None,
    epsilon: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Normalises each channel by recorded statistics [C]."""
    return F.batch_norm(x, mean, variance, gamma, beta, eps=epsilon)


def instance_norm(x: Tensor, gamma: Tensor | None = None, beta: Tensor | None = None, epsilon: float = 1e-5) -> Tensor:
    """Normalises each channel over its spatial axes."""
    axes = list(range(2, x.ndim))
    channels = (-1, *[1] * len(axes))
    result = _standardised(x, axes, epsilon)
    result = result if gamma is None else result * gamma.reshape(channels)
    return result if beta is None else result + beta.reshape(channels)


def layer_norm(
    x: Tensor,
    axes: list[int] | None = None,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    epsilon: float = 1e-5,
) -> Tensor:
    """Normalises over `axes`, of which `gamma` and `beta` have the shape; None is all axes."""
    axes = sorted(axis % x.ndim for axis in (range(x.ndim) if axes is None else axes))
    shape = [extent if axis in axes else 1 for axis, extent in enumerate(x.shape)]
    result = _standardised(x, axes, epsilon)
    result = result if gamma is None else result * gamma.reshape(shape)
    return result if beta is None else result + beta.reshape(shape)


def l2_norm(x: Tensor, epsilon: float = 1e-6) -> Tensor:
    """Divides by the norm over the last three axes."""
    return x / torch.sqrt(x.square().sum((-3, -2, -1), keepdim=True) + epsilon)


def local_response_norm(x: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Divides each element by what grows with the squares of `size` neighbouring channels."""
    padded = F.pad(x.square().movedim(1, -1), (size // 2, (size - 1) // 2))
    sums = padded.unfold(-1, size, 1).sum(-1).movedim(-1, 1)
    return x / (k + alpha / size * sums) ** beta


def _standardised(x: Tensor, axes: list[int], epsilon: float) -> Tensor:
    centred = x - x.mean(axes, keepdim=True)
    return centred * torch.rsqrt(centred.square().mean(axes, keepdim=True) + epsilon)


OPERATORS = {
    function.__name__: function for function in (batch_norm, instance_norm, l2_norm, layer_norm, local_response_norm)
}
