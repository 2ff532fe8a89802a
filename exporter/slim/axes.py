"""What the axes of weights run over: by which a smaller network's are slices of its parent's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor


@dataclass(frozen=True)
class Axis:
    """One that has fewer channels in a smaller network."""

    group: str
    """All axes that run over the same channels have the same, such as "width.2" """
    parts: int = 1
    """It is as many equal parts after one another, each with the channels of its group, as those of a concatenation"""

    def kept(self, size: int, of: int) -> Tensor:
        """Which of the `of` channels of a parent's axis are those of one with `size`: the first of each part."""
        return (torch.arange(self.parts)[:, None] * (of // self.parts) + torch.arange(size // self.parts)).flatten()


Axes = tuple[Axis | None, Axis | None, Axis | None]
"""Of a tensor's first axes, if it has them; None of one that stays whole, as all others do"""


class Layer(NamedTuple):
    """A layer of a family's network: a convolution or linear layer [out, in, …], or one with a number a channel."""

    name: str
    """Pattern of its whole name"""
    outputs: str | Axis | None = None
    """Group of the first axis, in which \\1 and on are what the name's groups match"""
    inputs: str | Axis | None = None
    """Group of the second one"""
    third: str | Axis | None = None
    """Likewise"""


@cache
def axes_of(key: str, layers: tuple[Layer, ...]) -> Axes:
    """What the axes of an entry of a state dict run over, by the first layer that has its name.

    Raises `KeyError` for an entry of no layer: its family's table is to say what becomes of it.
    """
    name = key.rpartition(".")[0]
    for layer in layers:
        if match := re.fullmatch(layer.name, name):
            outputs, inputs, third = (_expanded(axis, match) for axis in (layer.outputs, layer.inputs, layer.third))
            return outputs, inputs, third
    raise KeyError(f"no layer of the table is called {name}")


def _expanded(axis: str | Axis | None, match: re.Match[str]) -> Axis | None:
    if axis is None:
        return None
    return Axis(match.expand(axis)) if isinstance(axis, str) else Axis(match.expand(axis.group), axis.parts)


def sliced(value: Tensor, axes: Axes, shape: Sequence[int]) -> Tensor:
    """The part of a parent's tensor that a smaller one of this shape is; a view where channels follow one another.

    Gradients flow through it. Raises `ValueError` for an axis that is to be cut and stays whole.
    """
    for place, size in enumerate(shape):
        of = value.shape[place]
        if of == size:
            continue
        axis = axes[place] if place < len(axes) else None
        if axis is None or of < size:
            raise ValueError(f"{tuple(shape)} cannot be cut out of {tuple(value.shape)}: axis {place} stays whole")
        if axis.parts == 1:
            value = value.narrow(place, 0, size)
        else:
            value = value.index_select(place, axis.kept(size, of).to(value.device))
    return value


class Member(NamedTuple):
    """A tensor that has an axis in a group."""

    value: Tensor
    place: int
    """Of the axis"""
    parts: int


def grouped(tensors: Iterable[tuple[Tensor, Axes]]) -> dict[str, list[Member]]:
    """Group -> the axes that are in it."""
    found: dict[str, list[Member]] = {}
    for value, axes in tensors:
        for place, axis in enumerate(axes[: value.ndim]):
            if axis is not None:
                found.setdefault(axis.group, []).append(Member(value, place, axis.parts))
    return found
