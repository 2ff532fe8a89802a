"""Chooses ranges and weights for integers of eight bits, after Q-HyViT (arXiv 2303.12557), as runtimes realise them.

A runtime has one range a tensor and one scale for each output channel of a weight. So of the paper's choices remain
the two ends of each range, of which a symmetric range is a case, and how far each channel of a weight is clipped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from exporter.quantise.judged import LayerOnInputs, Shares, TensorOnInputs

ROUNDS = 3
"""Of choosing ranges for the weights, then weights for the ranges (§3.3)"""
COARSE = tuple(round(0.5 + 0.1 * step, 1) for step in range(13))
"""Shares of a range's extremes that are tried first, both ends at once"""
FINE = (0.1, 0.05, 0.025)
"""By which then each end is moved, as long as it helps"""
CLIPPED = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
"""Shares of a channel's greatest weight that are tried first"""
CLIPPED_FINE = (0.05, 0.025)


@dataclass(frozen=True)
class Choice:
    """Of ranges and weights."""

    shares: Mapping[str, Shares]
    """Tensor -> its range"""
    weights: Mapping[str, Tensor]
    """Layer -> [G, O, K], on the integers' grid"""


def choose(
    tensors: Mapping[str, TensorOnInputs], layers: Mapping[str, LayerOnInputs], read_by: Mapping[str, str]
) -> Choice:
    """The choice of least cost; `read_by` says which tensor each layer reads.

    The extremes are among what is tried, so that it costs no more than they do.
    """
    shares = {name: Shares() for name in tensors}
    clipped = {name: torch.ones(layer.weight.shape[:2]) for name, layer in layers.items()}
    weights = {name: layer.clipped(clipped[name]) for name, layer in layers.items()}
    for _ in range(ROUNDS):
        for name, tensor in tensors.items():
            shares[name] = _range(tensor, shares[name], weights)
        for name, layer in layers.items():
            columns = tensors[read_by[name]].rounded(layer.columns, shares[read_by[name]])
            clipped[name] = _clipped(layer, columns, clipped[name])
            weights[name] = layer.clipped(clipped[name])
    return Choice(shares, weights)


def _range(tensor: TensorOnInputs, now: Shares, weights: Mapping[str, Tensor]) -> Shares:
    """The best range for a tensor, given the weights of the layers that read it."""
    known: dict[Shares, float] = {}

    def cost(shares: Shares) -> float:
        if shares not in known:
            known[shares] = tensor.cost(shares, weights)
        return known[shares]

    best = min([now, *(Shares(share, share) for share in COARSE)], key=cost)
    for step in FINE:
        while True:
            around = [
                Shares(round(low, 3), round(high, 3))
                for low, high in (
                    (best.low - step, best.high),
                    (best.low + step, best.high),
                    (best.low, best.high - step),
                    (best.low, best.high + step),
                )
                if min(low, high) >= 0.4
            ]
            better = min([best, *around], key=cost)
            if better == best:
                break
            best = better
    return best


def _clipped(layer: LayerOnInputs, columns: Tensor, now: Tensor) -> Tensor:
    """The best share of each output channel's greatest weight [G, O], given what the layer reads."""

    def cost(shares: Tensor) -> Tensor:
        return layer.cost(layer.errors(columns, layer.clipped(shares)))

    best, least = now, cost(now)
    for share in CLIPPED:
        best, least = _better(best, least, torch.full_like(now, share), cost)
    for step in CLIPPED_FINE:
        for moved in (best - step, best + step):
            best, least = _better(best, least, moved.clamp(CLIPPED[-1], 1.0), cost)
    return best


def _better(best: Tensor, least: Tensor, tried: Tensor, cost: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """By channel, whichever of what is best so far and of what is tried costs less, and how much."""
    found = cost(tried)
    return tried.where(found < least, best), found.minimum(least)
