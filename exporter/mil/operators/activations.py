"""MIL's activation functions, and softmax."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def relu(x: Tensor) -> Tensor:
    return x.clamp(min=0)


def relu6(x: Tensor) -> Tensor:
    return x.clamp(0, 6)


def clamped_relu(x: Tensor, alpha: float, beta: float) -> Tensor:
    return torch.where(x >= 0, x, alpha * x).clamp(max=beta)


def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    return torch.where(x > 0, x, alpha * torch.expm1(x))


def gelu(x: Tensor, mode: str = "EXACT") -> Tensor:
    match mode:
        case "EXACT":
            return F.gelu(x)
        case "TANH_APPROXIMATION":
            return F.gelu(x, approximate="tanh")
        case _:
            return x * torch.sigmoid(1.702 * x)


def leaky_relu(x: Tensor, alpha: float = 0.01) -> Tensor:
    return torch.where(x >= 0, x, alpha * x)


def linear_activation(x: Tensor, alpha: float, beta: float = 0.0) -> Tensor:
    return alpha * x + beta


def prelu(x: Tensor, alpha: Tensor) -> Tensor:
    """`alpha` holds a slope for each channel, the second axis."""
    return torch.where(x >= 0, x, _by_channel(alpha, x) * x)


def scaled_tanh(x: Tensor, alpha: float = 1.0, beta: float = 1.0) -> Tensor:
    return alpha * torch.tanh(beta * x)


def sigmoid(x: Tensor) -> Tensor:
    return torch.sigmoid(x)


def sigmoid_hard(x: Tensor, alpha: float = 0.2, beta: float = 0.5) -> Tensor:
    return (alpha * x + beta).clamp(0, 1)


def silu(x: Tensor) -> Tensor:
    return F.silu(x)


def softmax(x: Tensor, axis: int = -1) -> Tensor:
    return torch.softmax(x, axis)


def softplus(x: Tensor) -> Tensor:
    return torch.logaddexp(x, torch.zeros_like(x))


def softplus_parametric(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """`alpha` and `beta` hold a number for each channel, the second axis."""
    return _by_channel(alpha, x) * softplus(_by_channel(beta, x) * x)


def softsign(x: Tensor) -> Tensor:
    return x / (1 + x.abs())


def thresholded_relu(x: Tensor, alpha: float = 1.0) -> Tensor:
    return torch.where(x >= alpha, x, 0.0)


def _by_channel(values: Tensor, x: Tensor) -> Tensor:
    return values.reshape(-1, *[1] * (x.ndim - 2))


OPERATORS = {
    function.__name__: function
    for function in (
        clamped_relu,
        elu,
        gelu,
        leaky_relu,
        linear_activation,
        prelu,
        relu,
        relu6,
        scaled_tanh,
        sigmoid,
        sigmoid_hard,
        silu,
        softmax,
        softplus,
        softplus_parametric,
        softsign,
        thresholded_relu,
    )
}
