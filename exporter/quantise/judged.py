"""What a choice of ranges and weights costs: half of curvature times squared error, at tensors and at layers' results.

The greatest value of the calibration inputs is never exceeded by themselves, but is by the pictures that come
afterwards. So half of the places are judged as if the inputs were stronger than they were, by as much as they differ,
and the others as if they were weaker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log
from statistics import stdev
from typing import NamedTuple

import torch
from torch import Tensor

from exporter.quantise.observed import Range
from exporter.quantise.sampled import Positions, Values
from exporter.quantise.scheme import Integers
from exporter.quantise.simulated import rounded, rounded_weights

MARGIN = 0.5
"""Standard deviations by which the next picture's extremes are taken to be greater than those seen"""


class Shares(NamedTuple):
    """A range as shares of the extremes; more than 1 leaves room for pictures that were not seen."""

    low: float = 1.0
    high: float = 1.0

    def of(self, extremes: Range) -> Range:
        return Range(extremes.low * self.low, extremes.high * self.high)


class LayerOnInputs:
    """A convolution or linear layer at sampled positions of N calibration inputs."""

    def __init__(self, weight: Tensor, positions: Sequence[Positions], greatest: int = 127) -> None:
        """`weight` [O, ...], of which integers have `greatest` at most"""
        self._greatest = greatest
        self.columns = halves([one.columns for one in positions])
        """[N, G, K, P]"""
        self.counts = halved_counts([one.weight for one in positions])
        """[N, G, O, P], how much an error counts, per input"""
        _, groups, width, _ = self.columns.shape
        self.weight = weight.reshape(groups, -1, width)
        """[G, O, K]"""
        self._target = self.weight @ self.columns

    def errors(self, columns: Tensor, weight: Tensor) -> Tensor:
        """[N, G, O, P] of the results, where the layer is given other columns and weights [G, O, K]."""
        return weight @ columns - self._target

    def clipped(self, shares: Tensor) -> Tensor:
        """Weights [G, O, K] as integers would have them, of which each channel is clipped to its share [G, O]."""
        most = (self.weight.abs().amax(-1) * shares).flatten()
        return rounded_weights(self.weight.flatten(0, 1), most, self._greatest).reshape(self.weight.shape)

    def cost(self, errors: Tensor) -> Tensor:
        """[G, O], per input."""
        return (self.counts * errors.square()).sum((0, 3)) / 2 / len(errors)


class TensorOnInputs:
    """A tensor at N calibration inputs, with the layers that read it."""

    def __init__(
        self,
        extremes: tuple[Range, Range],
        own: Sequence[Values],
        layers: Mapping[str, LayerOnInputs],
        integers: Integers,
    ) -> None:
        """`extremes` are `judged_with`.

        `own` is empty where layers alone read the tensor: what it costs is then seen at their results.
        """
        self._extremes = extremes
        self.layers = layers
        self._integers = integers
        self._own = (halves([one.values for one in own]), halved_counts([one.weight for one in own])) if own else None

    def rounded(self, values: Tensor, shares: Shares) -> Tensor:
        """Values [2N, ...] as integers would have them."""
        grids = [self._integers.affine(shares.of(extremes)) for extremes in self._extremes]
        return torch.cat([rounded(half, grid) for half, grid in zip(values.chunk(2), grids, strict=True)])

    def own_cost(self, shares: Shares) -> float:
        """At the tensor itself, per input."""
        if self._own is None:
            return 0.0
        values, counts = self._own
        return float((counts * (self.rounded(values, shares) - values).square()).sum()) / 2 / len(values)

    def cost(self, shares: Shares, weights: Mapping[str, Tensor]) -> float:
        """At the tensor and at the layers that read it, which have `weights` by their names."""
        found = self.own_cost(shares)
        for name, layer in self.layers.items():
            found += float(layer.cost(layer.errors(self.rounded(layer.columns, shares), weights[name])).sum())
        return found


def halves(places: Sequence[Tensor]) -> Tensor:
    """[2N, ..., P/2] of [..., P] for each of N inputs: every other place, then the others.

    Where they cannot be halved, each half has all of them.
    """
    found = torch.stack(list(places))
    odd = found.shape[-1] % 2
    return torch.cat([found, found] if odd else [found[..., ::2], found[..., 1::2]])


def halved_counts(counts: Sequence[Tensor]) -> Tensor:
    """`halves` of how many each place stands for: where they are halved, each stands for twice as many."""
    return halves(counts) * (1 if counts[0].shape[-1] % 2 else 2)


def judged_with(lows: Sequence[float], highs: Sequence[float]) -> tuple[Range, Range]:
    """The extremes that the first of the `halves` are judged with, and those of the second; zero is in both.

    `lows` and `highs` are those of all calibration inputs. The greatest of them is taken to be `MARGIN` standard
    deviations of their logarithms less for the first, and more for the second: the next picture may be that much weaker
    or stronger.
    """
    weaker_low, stronger_low = _less_and_more([min(low, 0.0) for low in lows])
    weaker_high, stronger_high = _less_and_more([max(high, 0.0) for high in highs])
    return Range(weaker_low, weaker_high), Range(stronger_low, stronger_high)


def _less_and_more(extremes: Sequence[float]) -> tuple[float, float]:
    greatest = max(extremes, key=abs)
    seen = [log(abs(one)) for one in extremes if one]
    factor = exp(MARGIN * stdev(seen)) if len(seen) > 1 else 1.0
    return greatest / factor, greatest * factor
