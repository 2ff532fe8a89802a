"""Products of matrices, and attention."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def matmul(x: Tensor, y: Tensor, transpose_x: bool = False, transpose_y: bool = False) -> Tensor:
    return torch.matmul(x.mT if transpose_x else x, y.mT if transpose_y else y)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return F.linear(x, weight, bias)


def einsum(values: list[Tensor], equation: str) -> Tensor:
    return torch.einsum(equation, *values)


def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None) -> Tensor:
    """A mask of booleans says what takes part, one of numbers is added to the logits."""
    logits = query @ key.mT / query.shape[-1] ** 0.5
    if attn_mask is not None:
        hidden = attn_mask.dtype == torch.bool
        logits = logits.masked_fill(~attn_mask, float("-inf")) if hidden else logits + attn_mask
    return torch.softmax(logits, -1) @ value


OPERATORS = {function.__name__: function for function in (einsum, linear, matmul, scaled_dot_product_attention)}
