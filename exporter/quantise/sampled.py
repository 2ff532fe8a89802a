"""What errors are judged on: some values of each tensor and some positions of each layer, with how much each counts.

Half of what is taken are the places of the greatest magnitude, which are what a narrower range cuts off and which a
random sample would miss; the others are drawn at random and stand for all that are left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx

aten = torch.ops.aten

VALUES = 2048
"""Of a tensor, of each input"""
POSITIONS = 32
"""Of a layer's result, of each input"""
EVEN = 0.1
"""Share of the mean in curvature. A value's own holds for small errors: what a softmax ignores has none, but
would count if its range were cut off."""


@dataclass(frozen=True)
class Values:
    """Of a tensor, for one calibration input."""

    values: Tensor
    """[P]"""
    weight: Tensor
    """[P], curvature times how many values of the tensor each stands for"""


@dataclass(frozen=True)
class Positions:
    """Of a layer, for one calibration input: what its product takes at some positions of its result."""

    columns: Tensor
    """[G, K, P] for G groups of K weights an output channel"""
    weight: Tensor
    """[G, O, P] for O output channels a group: curvature times how many positions each stands for"""


def sample_values(values: Tensor, curvature: Tensor, generator: torch.Generator) -> Values:
    """Some values of a tensor, and the `curvature` at each."""
    taken, stands_for = _places(values.abs().flatten(), VALUES, generator)
    return Values(values.flatten()[taken], _evened(curvature.flatten())[taken] * stands_for)


def sample_positions(layer: fx.Node, values: Tensor, curvature: Tensor, generator: torch.Generator) -> Positions:
    """Some positions of the result of a convolution or linear layer that is given `values`.

    `curvature` is that at its result. Raises `ValueError` for a convolution of several images at once.
    """
    if layer.target is aten.linear.default:
        rows = values.reshape(-1, values.shape[-1])
        taken, stands_for = _places(rows.abs().amax(1), POSITIONS, generator)
        heights = _evened(curvature).reshape(-1, curvature.shape[-1])[taken]
        return Positions(rows[taken].T[None], heights.T[None] * stands_for)
    kernel, stride, padding, dilation, groups = convolution(layer)
    if len(values) != 1:
        raise ValueError(f"{layer.name} convolves a batch of {len(values)}")
    width = curvature.shape[-1]
    padded = F.pad(values[0], (padding[1], padding[1], padding[0], padding[0]))
    most = F.max_pool2d(padded.abs().amax(0)[None], kernel, stride, 0, dilation)
    taken, stands_for = _places(most.flatten(), POSITIONS, generator)
    rows, columns = (taken // width) * stride[0], (taken % width) * stride[1]
    inside = [torch.arange(extent) * step for extent, step in zip(kernel, dilation, strict=True)]
    window = padded[:, rows[:, None, None] + inside[0][:, None], columns[:, None, None] + inside[1]]  # [C, P, h, w]
    flat = window.permute(0, 2, 3, 1).reshape(groups, -1, len(taken))
    heights = _evened(curvature[0]).flatten(1)[:, taken].reshape(groups, -1, len(taken))
    return Positions(flat, heights * stands_for)


def _evened(curvature: Tensor) -> Tensor:
    """A mixture of each value's curvature and their mean."""
    return (1 - EVEN) * curvature + EVEN * curvature.mean()


def convolution(layer: fx.Node) -> tuple[list[int], list[int], list[int], list[int], int]:
    """Extents of the kernel, stride, padding, dilation (each of height and width) and groups of a convolution."""
    # conv2d(input, weight, bias, stride, padding, dilation, groups)
    defaults: list[Any] = [None, [1, 1], [0, 0], [1, 1], 1]
    arguments: list[Any] = [*layer.args, *defaults[len(layer.args) - 2 :]]
    _, weight, _, *pairs, groups = arguments
    kernel = list(weight.meta["val"].shape[2:])
    stride, padding, dilation = (list(pair) * (2 // len(pair)) for pair in pairs)
    return kernel, stride, padding, dilation, groups


def _places(magnitudes: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Indices into `magnitudes` [L], and how many elements each stands for."""
    total = len(magnitudes)
    if total <= count:
        return torch.arange(total), torch.ones(total)
    greatest = magnitudes.topk(count // 2).indices
    left = torch.ones(total, dtype=torch.bool)
    left[greatest] = False
    others = left.nonzero().flatten()
    drawn = others[torch.randint(len(others), (count - len(greatest),), generator=generator)]
    stands_for = torch.ones(count)
    stands_for[len(greatest) :] = len(others) / len(drawn)
    return torch.cat([greatest, drawn]), stands_for
