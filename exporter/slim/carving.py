"""Gives an architecture its weights: those of its parent that it has in it.

Nothing of a supernet is in what is built: an architecture is a plain module of `exporter.models`, and its tensors are
slices of those that the supernet trains, through which gradients flow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import torch
from torch import Tensor, nn

from exporter.slim.architecture import Architecture, Space
from exporter.slim.axes import sliced

Weights = Mapping[str, Tensor]
"""Parameters and buffers of a module, by name"""

NormOf = Callable[[str, int], Weights | None]
"""What the batch norm of this name in the parent has for so many channels; None where it is sliced like all else"""


def tensors_of(module: nn.Module) -> dict[str, Tensor]:
    """All that `torch.func.functional_call` may replace: buffers that no state dict has, too."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


@lru_cache(maxsize=256)
def skeleton(space: Space, architecture: Architecture) -> nn.Module:
    """The module of an architecture, without memory for its weights."""
    with torch.device("meta"):
        return space.build(architecture)


def carved(
    space: Space, architecture: Architecture, weights: Weights, norm_of: NormOf = lambda name, channels: None
) -> Weights:
    """The tensors of an architecture's module, out of a parent's `weights`."""
    module, origins = skeleton(space, architecture), space.origins(architecture)
    channels = {name: norm.num_features for name, norm in module.named_modules() if isinstance(norm, nn.BatchNorm2d)}
    found = {}
    for key, own in tensors_of(module).items():
        source = source_of(key, origins)
        name, _, entry = key.rpartition(".")
        kept = norm_of(source.rpartition(".")[0], channels[name]) if name in channels else None
        found[key] = sliced(weights[source], space.axes(source), own.shape) if kept is None else kept[entry]
    return found


def source_of(key: str, origins: Mapping[str, str]) -> str:
    """What an entry of an architecture is called in its supernet."""
    block = next((name for name in origins if key.startswith(name)), "")
    return origins.get(block, "") + key.removeprefix(block)


@torch.no_grad()
def built(space: Space, architecture: Architecture, weights: Weights) -> nn.Module:
    """The module of an architecture, in eval mode, with weights that are its own from then on, and where they are."""
    module = space.build(architecture).to(next(iter(weights.values())).device)
    for key, own in tensors_of(module).items():
        own.copy_(weights[key])
    return module.eval()
