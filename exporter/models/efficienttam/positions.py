"""Position encodings as constant tables. All are computed in float64 and stored once, in float32."""

from math import tau

import torch
from torch import Tensor

_TEMPERATURE = 10_000.0


def sine_encoding(side: int, channels: int) -> Tensor:
    """Two-dimensional sine encoding of a square grid (arXiv 2005.12872 §A.4): [side * side, channels].

    All channels of the row come before those of the column; within an axis sine and cosine alternate.
    """
    per_axis = channels // 2
    frequencies = _TEMPERATURE ** (-2.0 * (torch.arange(per_axis, dtype=torch.float64) // 2) / per_axis)
    places = torch.arange(1, side + 1, dtype=torch.float64) / (side + 1e-6) * tau
    angles = places[:, None] * frequencies
    axis = torch.where(torch.arange(per_axis) % 2 == 0, angles.sin(), angles.cos())
    rows, columns = axis[:, None].expand(-1, side, -1), axis[None].expand(side, -1, -1)
    return torch.cat([rows, columns], dim=-1).flatten(0, 1).float()


def rotary_tables(side: int, channels: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines [side * side, channels / 2] of axial RoPE (arXiv 2403.13298 §3.2), a pair each.

    The first half of the pairs turns with the column, the second with the row.
    """
    per_axis = channels // 4
    frequencies = _TEMPERATURE ** (-torch.arange(per_axis, dtype=torch.float64) / per_axis)
    rows, columns = grid_points(side)
    angles = torch.cat([columns[:, None] * frequencies, rows[:, None] * frequencies], dim=-1)
    return angles.cos().float(), angles.sin().float()


def grid_points(side: int) -> tuple[Tensor, Tensor]:
    """Row and column [side * side] of every position of a square grid, row by row."""
    rows, columns = torch.meshgrid(*(torch.arange(side, dtype=torch.float64),) * 2, indexing="ij")
    return rows.flatten(), columns.flatten()


def halves_order(channels: int) -> Tensor:
    """Order of channels in which the first members of all pairs (0, 1), (2, 3), … come before the second ones.

    Queries and keys that share it have the same products, and a rotation of pairs needs no interleaving.
    """
    return torch.arange(channels).reshape(-1, 2).T.flatten()


def rotated(x: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Turn the pairs of x [..., N, C], whose channels are in `halves_order`, by tables [N, C / 2]."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cosines - second * sines, first * sines + second * cosines], dim=-1)
