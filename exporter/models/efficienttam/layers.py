"""Layers that several parts of EfficientTAM use."""

from collections.abc import Callable, Iterable
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

CHANNEL_NORM_EPSILON = 1e-6


class Mlp(nn.Module):
    """Linear layers with an activation between them: [..., widths[0]] -> [..., widths[-1]]."""

    def __init__(self, widths: Iterable[int], act: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(widths))
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        first, *others = self.layers
        x = first(x)
        for layer in others:
            x = layer(self.act(x))
        return x


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of a map [B, C, H, W], at each position alone."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, CHANNEL_NORM_EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Attention(nn.Module):
    """Multi-head attention with projections of its own: queries [B, Q, dim], keys and values [B, K, dim]."""

    def __init__(self, dim: int, heads: int, inner: int | None = None) -> None:
        super().__init__()
        inner = inner or dim
        self.heads = heads
        self.q_proj = nn.Linear(dim, inner)
        self.k_proj = nn.Linear(dim, inner)
        self.v_proj = nn.Linear(dim, inner)
        self.out_proj = nn.Linear(inner, dim)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None = None) -> Tensor:
        """`bias` [1, 1, 1, K] is added to the logits of every head and query."""
        q, k, v = (
            split_heads(project(x), self.heads)
            for project, x in ((self.q_proj, query), (self.k_proj, key), (self.v_proj, value))
        )
        return self.out_proj(merge_heads(F.scaled_dot_product_attention(q, k, v, bias)))


def split_heads(x: Tensor, heads: int) -> Tensor:
    """[B, N, heads * C] -> [B, heads, N, C]"""
    return x.reshape(*x.shape[:2], heads, -1).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """[B, heads, N, C] -> [B, N, heads * C]"""
    return x.transpose(1, 2).flatten(2)


def tokens_of(x: Tensor) -> Tensor:
    """A map [B, C, H, W] as tokens [B, H * W, C], row by row."""
    return x.flatten(2).transpose(1, 2)


def map_of(x: Tensor, side: int) -> Tensor:
    """The inverse of `tokens_of`, for a square map."""
    return x.transpose(1, 2).reshape(len(x), -1, side, side)
