"""Trackers: they learn from drawn clips, like those of `exporter.train.nano`, and are judged by how they follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import cast

import numpy as np
import torch
from torch import nn

from exporter.graphs.normalisation import Normalisation
from exporter.models.efficienttam import EfficientTAM
from exporter.models.registry import configuration
from exporter.models.weights.loading import provide_weights
from exporter.slim.architecture import Architecture, Space
from exporter.slim.carving import built
from exporter.slim.request import SlimPlan
from exporter.slim.supernets.supernet import Supernet
from exporter.slim.training import Rates, Trainer
from exporter.train.clips import Alternating, ClipBatches
from exporter.train.following import quality_on
from exporter.train.imitation import Imitation
from exporter.train.nano import PICTURES, TRAINED_ON
from exporter.train.objective import Batch, Distillation, TrackerObjective
from exporter.train.scenes import Recipe
from exporter.train.scenes.held_out import HeldOut, held_out_clips

TURN = 5
"""Batches that count as one turn through scenes, of which there is no end"""
FOLLOWED = 3
"""Batches to follow for one to imitate: a memory that was cut learns more by its own answers"""
IMITATING, FOLLOWING = Rates(1e-3, muon=2e-3), Rates(4e-4, muon=1.5e-3)
"""What was cut is far from its parent, and an imitation follows from the beginning"""
CHOOSING_SEED, TUNING_SEED, SUPERNET_SEED, IMITATION_SEED = 101, 102, 103, 104
"""Of scenes, none of which is another's"""
CHOOSING_BATCHES = 3
FRAMES = 12
"""Of clips to learn from and to choose by: more than a memory keeps, seven, as through most of a video"""


@dataclass(frozen=True, eq=False)
class Tracking:
    """A tracker whose parent has weights."""

    plan: SlimPlan
    space: Space
    trainer: Trainer
    normalise: Normalisation
    whole: EfficientTAM
    """The parent, which has its weights already"""
    measure: str = "J&F"
    classes: tuple[str, ...] = ()
    trained_on: str = TRAINED_ON
    skipped: tuple[str, ...] = ()

    def parent(self) -> nn.Module:
        return self.whole.eval()

    def supernet(self, parent: nn.Module) -> tuple[Supernet, Architecture]:
        method = self.plan.method
        supernet = method.supernet(self.space, parent)
        objective = method.objective(supernet, self.normalise, self._steps)
        self._train("supernet", objective, SUPERNET_SEED, self._steps, IMITATING)
        return cast(Supernet, supernet), method.finished(supernet)

    def judge(self, supernet: Supernet) -> TrackerJudge:
        size = self.plan.image_size
        clips = ClipBatches(Recipe(size=size, frames=FRAMES), clips=4, objects=2, strides=(1, 5), seed=CHOOSING_SEED)
        batches = [clips[number].to(self.trainer.hardware.device) for number in range(CHOOSING_BATCHES)]
        return TrackerJudge(supernet, batches, self.trainer.hardware.products)

    def tuned(self, name: str, model: nn.Module, teacher: nn.Module) -> nn.Module:
        """First it imitates its parent, and then it follows."""
        tracker, parent = cast(EfficientTAM, model), cast(EfficientTAM, teacher)
        products = self.trainer.hardware.products
        imitation = Imitation(tracker, parent, products)
        self._train(f"{name} imitation", imitation, IMITATION_SEED, self._steps, IMITATING)
        following = TrackerObjective(tracker, products, Distillation(parent))
        self._train(f"{name} network", following, TUNING_SEED, FOLLOWED * self._steps, FOLLOWING)
        return model.eval()

    def accuracy(self, model: nn.Module) -> float:
        """J&F over held-out clips in which the object is not hidden, from a click in its middle."""
        return float(np.mean([quality_on(model.cpu(), clip).both for clip in self._held_out]))

    @cached_property
    def _held_out(self) -> list[HeldOut]:
        """Which take long to draw"""
        return list(islice(held_out_clips(False), self.plan.request.clips))

    def _train(self, what: str, objective: nn.Module, seed: int, steps: int, rates: Rates) -> None:
        size = self.plan.image_size
        recipe = Recipe(size=size, frames=FRAMES, occlusion=0.7)
        clips = ClipBatches(recipe, clips=2, objects=2, strides=(1, 5), seed=seed)
        pictures = ClipBatches(
            Recipe(size=size, frames=4), clips=24, objects=2, strides=(10, 20), apart=True, kinds=PICTURES, seed=seed
        )
        batches = Alternating((clips, pictures))
        self.trainer.train(what, objective, batches, steps, rates)

    @property
    def _steps(self) -> int:
        return self.plan.epochs * TURN


@dataclass(frozen=True, eq=False)
class TrackerJudge:
    """How well answers agree with the truth, IoU, in clips to choose by."""

    supernet: Supernet
    batches: Sequence[Batch]
    products: torch.dtype

    @torch.no_grad()
    def __call__(self, architecture: Architecture) -> float:
        objective = TrackerObjective(cast(EfficientTAM, self.calibrated(architecture)), self.products)
        objective.to(self.batches[0].frames.device)
        return float(np.mean([float(objective(batch)["agreement"]) for batch in self.batches]))

    def shown(self, architecture: Architecture) -> float:
        return self(architecture)

    def calibrated(self, architecture: Architecture) -> nn.Module:
        return built(self.supernet.space, architecture, self.supernet.weights(architecture))


def tracking(plan: SlimPlan, trainer: Trainer) -> Tracking:
    """With the weights of its parent; raises `WeightsError` where there are none."""
    family = plan.info.family
    space = plan.method.space(configuration(plan.info), plan.image_size, 0)
    whole = cast(EfficientTAM, space.build(space.parent))
    provide_weights(whole, plan.info, plan.request.weights or "required")
    return Tracking(plan, space, trainer, Normalisation(family.mean, family.std), whole)
