"""What a choice of ranges and weights costs: half of curvature times squared error, at tensors and at layers' results.

The greatest value of the calibration inputs is never exceeded by themselves, but is by the pictures that come
afterwards. So half of the places are judged as if the inputs were stronger than they were, by as much as they differ,
and the others as if they were weaker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from exporter.quantise.observed import Range
from exporter.quantise.sampled import Positions, Values
from exporter.quantise.simulated import rounded_weights

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
        lows: Tensor,
        highs: Tensor,
        own: Sequence[Values],
        layers: Mapping[str, LayerOnInputs],
        symmetric: bool = False,
    ) -> None:
        """`lows` and `highs` are `judged_with`.

        `own` is empty where layers alone read the tensor: what it costs is then seen at their results.
        """
        self._lows, self._highs = lows, highs
        self.layers = layers
        self._symmetric = symmetric
        self._own = (halves([one.values for one in own]), halved_counts([one.weight for one in own])) if own else None

    def rounded(self, values: Tensor, shares: Shares) -> Tensor:
        """Values [N, ...] as integers would have them."""
        low, high = (self._lows * shares.low).clamp_max(0), (self._highs * shares.high).clamp_min(0)
        tiny = torch.finfo(low.dtype).tiny
        if self._symmetric:
            scale = (high.maximum(-low) / 127).clamp_min(tiny)
            zero = torch.zeros(scale.shape, dtype=torch.int32)
        else:
            scale = ((high - low) / 255).clamp_min(tiny)
            zero = (-low / scale).round().int() - 128
        return torch.fake_quantize_per_channel_affine(values, scale, zero, 0, -128, 127)

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


def judged_with(extremes: Sequence[float], end: Literal["low", "high"], count: int) -> Tensor:
    """The extreme at one end that each of the `halves` of so many inputs is judged with, [2 count].

    `extremes` are those of all calibration inputs. Of the greatest of them it is `MARGIN` standard deviations of their
    logarithms less for the first halves, and more for the second: the next picture may be that much stronger or weaker.
    """
    found = torch.tensor(extremes)
    found = found.clamp_max(0) if end == "low" else found.clamp_min(0)  # zero is in every range
    greatest = found[found.abs().argmax()]
    seen = found[found != 0].abs().log()
    factor = (MARGIN * seen.std()).exp() if len(seen) > 1 else torch.tensor(1.0)
    return torch.cat([(greatest / factor).expand(count), (greatest * factor).expand(count)])
