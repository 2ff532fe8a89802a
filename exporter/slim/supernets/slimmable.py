"""A slimmable supernet: every architecture is a slice of the parent's weights (arXiv 2212.08059 §3.4).

Batch norms have parameters and statistics of their own for each number of channels (arXiv 1812.08928 §3.2), as means
and variances differ from width to width. Which architectures a batch trains, `slim.objectives` says.
"""

from __future__ import annotations

from collections.abc import Sequence

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
                _entry(name): _Norms(norm, narrower)
                for name, norm in parent.named_modules()
                if isinstance(norm, nn.BatchNorm2d) and (axis := space.axes(f"{name}.weight")[0])
                if (narrower := [count for count in space.channels(axis.group) if count < norm.num_features])
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
        entry = _entry(name)
        if entry not in self.norms:
            return None
        norms = self.norms[entry]
        assert isinstance(norms, _Norms)
        return norms.of(channels)


class _Norms(nn.Module):
    """A batch norm for each of several numbers of channels, one after the other in one tensor of each kind.

    With tensors of their own, which would be thousands, the optimizer takes as long as everything else.
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    @torch.no_grad()
    def __init__(self, norm: nn.BatchNorm2d, counts: Sequence[int]) -> None:
        """Each begins as the first channels of `norm`."""
        super().__init__()
        self.counts = tuple(counts)
        for name, parameter in norm.named_parameters():
            self.register_parameter(name, nn.Parameter(self._begun(parameter)))
        for name, buffer in norm.named_buffers():
            self.register_buffer(name, self._begun(buffer))

    def _begun(self, value: Tensor) -> Tensor:
        return torch.cat([value[:count] if value.ndim else value[None] for count in self.counts]).clone()

    def of(self, channels: int) -> Weights | None:
        """Views, by the names of a batch norm's tensors; None for a number that is not among those."""
        if channels not in self.counts:
            return None
        place = self.counts.index(channels)
        first = sum(self.counts[:place])
        return {
            name: value[place] if name == "num_batches_tracked" else value.narrow(0, first, channels)
            for name, value in tensors_of(self).items()
        }


def _entry(name: str) -> str:
    """What a norm is called in a `ModuleDict`, which takes no dots."""
    return name.replace(".", "_")
