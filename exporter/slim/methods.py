"""How each family is slimmed: its space, its supernet, where a search begins, and by which policy it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from torch import nn

from exporter.graphs.normalisation import Normalisation
from exporter.models.efficienttam.config import EfficientTAMConfig
from exporter.slim.architecture import Architecture, Space
from exporter.slim.carving import tensors_of
from exporter.slim.objectives import MetaPathsObjective, SandwichObjective, SlimmableTrackerObjective
from exporter.slim.prices.tables import Tables
from exporter.slim.ranking import rank_channels
from exporter.slim.search.policies import Efficiency, EveryKnob, LeastImportant, Policy
from exporter.slim.spaces.efficientformer import EfficientFormerSpace
from exporter.slim.spaces.efficientformer_v2 import EfficientFormerV2Space
from exporter.slim.spaces.efficienttam import EfficientTAMSpace
from exporter.slim.spaces.mobilevit import MobileViTSpace
from exporter.slim.supernets.metapaths import MetaPaths
from exporter.slim.supernets.slimmable import Slimmable
from exporter.train.loop import Hardware

PolicyName = Literal["importance", "efficiency"]
"""EfficientFormer's and EfficientFormerV2's"""

SIZE_WEIGHT, TIME_WEIGHT = 0.5, 1.0
"""α of parameters and of latency in the score (arXiv 2212.08059 §3.4); its units only scale it"""


@dataclass(frozen=True)
class Method:
    """Of one family."""

    space: Callable[[Any, int, int], Space]
    """Of a configuration, an image size and a number of classes"""
    supernet: Callable[[Space, nn.Module], nn.Module]
    """Of a space and its trained parent, from whose weights it begins"""
    objective: Callable[[nn.Module, Normalisation, int], nn.Module]
    """What trains it, in so many batches"""
    finished: Callable[[nn.Module], Architecture]
    """Makes a trained supernet ready to be cut; returns where a search begins"""
    policies: tuple[PolicyName, ...]
    """That its supernet can serve; the first is its own"""


def _metapaths(space: Space, parent: nn.Module) -> nn.Module:
    supernet = MetaPaths(cast(EfficientFormerSpace, space))
    supernet.inherit(tensors_of(parent))
    return supernet


def _of_metapaths(supernet: nn.Module, normalise: Normalisation, batches: int) -> nn.Module:
    return MetaPathsObjective(cast(MetaPaths, supernet), normalise, batches)


def _ranked_metapaths(supernet: nn.Module) -> Architecture:
    paths = cast(MetaPaths, supernet)
    rank_channels(paths.tensors(), paths.space)
    return paths.decoded()


def _slimmable(space: Space, parent: nn.Module) -> nn.Module:
    """Ranked first: narrower ones learn with the channels that matter most."""
    rank_channels(tensors_of(parent), space)
    return Slimmable(parent, space)


def _of_slimmable(supernet: nn.Module, normalise: Normalisation, batches: int) -> nn.Module:
    return SandwichObjective(cast(Slimmable, supernet), normalise)


def _trackers_space(config: EfficientTAMConfig, image_size: int, classes: int) -> Space:
    return EfficientTAMSpace(config, image_size)


def _of_tracker(supernet: nn.Module, normalise: Normalisation, batches: int) -> nn.Module:
    return SlimmableTrackerObjective(cast(Slimmable, supernet), Hardware.found().products)


def _parent_of(supernet: nn.Module) -> Architecture:
    return cast(Slimmable, supernet).space.parent


METHODS: Mapping[str, Method] = {
    "efficientformer": Method(
        EfficientFormerSpace, _metapaths, _of_metapaths, _ranked_metapaths, ("importance", "efficiency")
    ),
    "efficientformerv2": Method(EfficientFormerV2Space, _slimmable, _of_slimmable, _parent_of, ("efficiency",)),
    "mobilevit": Method(MobileViTSpace, _slimmable, _of_slimmable, _parent_of, ("efficiency",)),
    "efficienttam": Method(_trackers_space, _slimmable, _of_tracker, _parent_of, ("efficiency",)),
}
"""Family -> how"""


def policy_of(name: PolicyName, supernet: object, tables: Tables) -> Policy:
    """With scores by the tables as they are whenever it is asked."""
    if name == "importance":
        return LeastImportant(cast(MetaPaths, supernet).importance)
    parent = tables.space.parent

    def parameters(architecture: Architecture) -> float:
        return tables.sizes.parameters(architecture) / tables.sizes.parameters(parent)

    return EveryKnob(Efficiency([(parameters, 1.0, SIZE_WEIGHT), (tables.slowest, 1.0, TIME_WEIGHT)]))
