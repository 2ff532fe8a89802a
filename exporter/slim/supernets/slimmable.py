"""EfficientFormerV2's supernet (arXiv 2212.08059 §3.4): every architecture is a slice of the parent's weights.

Batch norms have parameters and statistics of their own for each number of channels (arXiv 1812.08928 §3.2), as means
and variances differ from width to width. Each batch trains the parent, the smallest architecture and two others.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call

from exporter.slim.architecture import Architecture, Space
from exporter.slim.carving import Weights, carved, skeleton, tensors_of


class Slimmable(nn.Module):
    """A parent, and what narrower ones have beside its weights."""

    def __init__(self, parent: nn.Module, space: Space) -> None:
        """`parent` is what `space` builds of its parent."""
        super().__init__()
        self.space = space
        self.parent = parent
        self.norms = nn.ModuleDict(
            {
                _entry(name, count): _narrower(norm, count)
                for name, norm in parent.named_modules()
                if isinstance(norm, nn.BatchNorm2d) and (axis := space.axes(f"{name}.weight")[0])
                for count in space.channels(axis.group)
                if count < norm.num_features
            }
        )

    def forward(self, x: Tensor, architecture: Architecture) -> Tensor:
        """What an architecture makes of x; in training, the batch norms of its widths learn."""
        module = skeleton(self.space, architecture).train(self.training)
        result: Tensor = functional_call(module, dict(self.weights(architecture)), (x,))
        return result

    def weights(self, architecture: Architecture) -> Weights:
        return carved(self.space, architecture, tensors_of(self.parent), self._norm)

    def _norm(self, name: str, channels: int) -> Weights | None:
        """A batch norm's tensors for so many channels; None for the parent's own."""
        entry = _entry(name, channels)
        return tensors_of(self.norms[entry]) if entry in self.norms else None


@torch.no_grad()
def _narrower(norm: nn.BatchNorm2d, channels: int) -> nn.BatchNorm2d:
    """A norm for fewer channels, which begins as their part of the parent's."""
    found = nn.BatchNorm2d(channels)
    for own, parents in zip(found.state_dict().values(), norm.state_dict().values(), strict=True):
        own.copy_(parents[:channels] if parents.ndim else parents)
    return found


def _entry(name: str, channels: int) -> str:
    """What a norm is called in a `ModuleDict`, which takes no dots."""
    return f"{name}_{channels}".replace(".", "_")
