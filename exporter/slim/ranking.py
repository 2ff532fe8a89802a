"""Puts a network's channels in order of importance, so that those that narrower ones keep, the first, matter most.

What the network computes stays the same: all tensors that have the same channels are put into the same order.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from exporter.slim.architecture import Space
from exporter.slim.axes import Member, grouped


@torch.no_grad()
def rank_channels(weights: Mapping[str, Tensor], space: Space) -> None:
    """Order, in place, all channels that a space may take away by what their weights come to.

    A channel counts by the sum of its weights' magnitudes in each tensor, as a share of the mean over that tensor's
    channels, so that all tensors count alike: the scale of one says nothing of another's.
    """
    for members in grouped((value, space.axes(key)) for key, value in weights.items()).values():
        importances = torch.stack([_importance(one) for one in members if one.value.ndim > 1])
        order = importances.sum(0).argsort(descending=True, stable=True)
        for value, place, parts in members:
            index = torch.arange(parts)[:, None] * (value.shape[place] // parts) + order.cpu()
            value.copy_(value.index_select(place, index.flatten().to(value.device)))


def _importance(member: Member) -> Tensor:
    """[channels of one part]"""
    sums = member.value.abs().movedim(member.place, 0).flatten(1).sum(1).reshape(member.parts, -1).sum(0)
    return sums / sums.mean().clamp(min=torch.finfo(sums.dtype).tiny)
