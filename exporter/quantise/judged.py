"""What a choice of ranges and weights costs: half of curvature times squared error, at tensors and at layers' results.

Each calibration input is judged with the range of all *others*: the greatest value of the calibration inputs is never
exceeded by themselves, but is by the pictures that come afterwards, the more easily the fewer values a tensor has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from exporter.quantise.sampled import Positions, Values
from exporter.quantise.simulated import rounded_weights


MARGIN = 1.0
"""Standard deviations by which the next picture's extremes are taken to be greater than those seen"""


class Shares(NamedTuple):
    """A range as shares of the extremes; more than 1 leaves room for pictures that were not seen."""

    low: float = 1.0
    high: float = 1.0


class LayerOnInputs:
    """A convolution or linear layer at sampled positions of N calibration inputs."""

    def __init__(self, weight: Tensor, positions: Sequence[Positions]) -> None:
        """`weight` [O, ...]"""
        self.columns = torch.stack([one.columns for one in positions])
        """[N, G, K, P]"""
        self.counts = torch.stack([one.weight for one in positions])
        """[N, G, O, P], how much an error counts, per input"""
        groups, share = self.columns.shape[1], torch.stack([one.share for one in positions])
        self._share = share[:, None, None] / share.sum(1).mean()
        self.shape, self.weight = weight.shape, weight.reshape(groups, -1, self.columns.shape[2])
        self._target = self.weight @ self.columns

    def errors(self, columns: Tensor, weight: Tensor) -> Tensor:
        """[N, G, O, P] of the results, where the layer is given other columns and weights [G, O, K]."""
        return weight @ columns - self._target

    def clipped(self, shares: Tensor) -> Tensor:
        """Weights [G, O, K] as integers would have them, of which each channel is clipped to its share [G, O]."""
        most = (self.weight.abs().amax(-1) * shares).flatten()
        return rounded_weights(self.weight.flatten(0, 1), most).reshape(self.weight.shape)

    def cost(self, errors: Tensor) -> Tensor:
        """[G, O], per input."""
        return (self.counts * errors.square()).sum((0, 3)) / 2 / len(errors)

    def bias(self, errors: Tensor) -> Tensor:
        """What taken from each output channel [G, O] leaves it right on average.

        It is less where the inputs do not agree on it, by the share that their disagreement makes up.
        """
        means = (errors * self._share).sum(3)
        mean, doubt = means.mean(0), means.var(0, correction=len(means) > 1) / len(means)
        return mean * (1 - doubt / mean.square().clamp_min(1e-30)).clamp_min(0)


class TensorOnInputs:
    """A tensor at N calibration inputs, with the layers that read it."""

    def __init__(
        self,
        lows: Tensor,
        highs: Tensor,
        own: Sequence[Values],
        layers: Mapping[str, LayerOnInputs],
    ) -> None:
        """`lows` and `highs` [N] are `of_others`.

        `own` is empty where layers alone read the tensor: what it costs is then seen at their results.
        """
        self._lows, self._highs = lows, highs
        self.layers = layers
        self._own = (
            (torch.stack([one.values for one in own]), torch.stack([one.weight for one in own])) if own else None
        )

    def rounded(self, values: Tensor, shares: Shares) -> Tensor:
        """Values [N, ...] as integers would have them."""
        low, high = (self._lows * shares.low).clamp_max(0), (self._highs * shares.high).clamp_min(0)
        scale = ((high - low) / 255).clamp_min(torch.finfo(low.dtype).tiny)
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


def narrowed(extremes: Sequence[float], count: int) -> Tensor:
    """For each of the first `count` inputs, the extreme at one end [N] that it is judged with.

    It is that of all inputs but that one, less `MARGIN` standard deviations of the extremes' logarithms. Of a single input it
    is its own.
    """
    found = torch.tensor(extremes)
    if len(found) == 1:
        return found
    itself = torch.eye(len(found), dtype=torch.bool)[:count]
    greatest = found.abs().masked_fill(itself, 0).argmax(1)
    spread = found.abs().clamp_min(torch.finfo(found.dtype).tiny).log().std()
    return found[greatest] / (MARGIN * spread).exp()
