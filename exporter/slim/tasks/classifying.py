"""Classifiers: they learn from pictures, and are judged by how many of others they are right about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import nn

from exporter.graphs.normalisation import Normalisation
from exporter.models.registry import configuration
from exporter.models.weights.loading import model_with_weights
from exporter.slim.architecture import Architecture, Space
from exporter.slim.judging import ClassifierJudge, counted
from exporter.slim.request import DIGITS, SlimPlan
from exporter.slim.statistics import recalibrate
from exporter.slim.supernets.supernet import Supernet
from exporter.slim.training import Rates, Trainer
from exporter.train.classification import ClassifierObjective, accuracy
from exporter.train.pictures.batches import DIGITS as OF_DIGITS
from exporter.train.pictures.batches import PHOTOGRAPHS, Augmentation, PictureBatches
from exporter.train.pictures.digits import digits
from exporter.train.pictures.folder import read_folder
from exporter.train.pictures.labelled import Parts, Pictures, parted

BATCH = 64
RATE, TUNING_RATE = 1e-3, 5e-4
"""AdamW's highest: of what begins anew, and of what has weights already"""
LAYER_SCALE = 0.1
"""That a parent begins with. The published models begin with 1e-5, under which a short training moves no branch."""


@dataclass(frozen=True, eq=False)
class Classifying:
    """A classifier and its pictures."""

    plan: SlimPlan
    space: Space
    pictures: Pictures
    parts: Parts
    augmentation: Augmentation
    skipped: tuple[str, ...]
    normalise: Normalisation
    trainer: Trainer
    measure: str = "accuracy"

    @property
    def classes(self) -> tuple[str, ...]:
        return self.pictures.classes

    @property
    def trained_on(self) -> str:
        return f"{len(self.parts.training)} pictures of {self.plan.data}, judged on {len(self.parts.judging)} others"

    def parent(self) -> nn.Module:
        parent = self.initial()
        self._train("parent", ClassifierObjective(parent, self.normalise), TUNING_RATE if self._given else RATE)
        self._recalibrate(parent)
        return parent

    def initial(self) -> nn.Module:
        """What the parent is before it is trained: a checkpoint but for a head of other classes, or nothing.

        Raises `WeightsError` for a checkpoint that does not fit.
        """
        torch.manual_seed(self.plan.request.seed)
        parent = self.space.build(self.space.parent)
        if self._given is None:
            for name, value in parent.named_parameters():
                if name.endswith(".gamma"):
                    nn.init.constant_(value, LAYER_SCALE)
        else:
            given, _ = model_with_weights(self.plan.info, self._given, self.plan.image_size)
            own = parent.state_dict()
            fits = {key: value for key, value in given.state_dict().items() if value.shape == own[key].shape}
            parent.load_state_dict(own | fits)
        return parent

    @property
    def _given(self) -> str | None:
        return self.plan.request.weights

    def supernet(self, parent: nn.Module) -> tuple[Supernet, Architecture]:
        method = self.plan.method
        supernet = method.supernet(self.space, parent)
        self._train(
            "supernet", method.objective(supernet, self.normalise, self._steps * self.trainer.hardware.world), RATE
        )
        start = method.finished(supernet)
        return cast(Supernet, supernet), start

    def judge(self, supernet: Supernet) -> ClassifierJudge:
        return ClassifierJudge(supernet, self.normalise, self.pictures, self.parts, self.trainer.hardware.device)

    def tuned(self, name: str, model: nn.Module, teacher: nn.Module) -> nn.Module:
        self._train(f"{name} network", ClassifierObjective(model, self.normalise, teacher), TUNING_RATE)
        self._recalibrate(model)
        return model

    def accuracy(self, model: nn.Module) -> float:
        return accuracy(model, self.normalise, self.pictures, self.parts.judging, self.trainer.hardware.device)

    @property
    def _steps(self) -> int:
        return self.plan.epochs * max(1, len(self.parts.training) // BATCH)

    def _train(self, what: str, objective: nn.Module, rate: float) -> None:
        seed = self.plan.request.seed
        batches = PictureBatches(self.pictures, self.parts.training, BATCH, self.augmentation, seed=seed)
        self.trainer.train(what, objective, batches, self._steps, Rates(rate))

    def _recalibrate(self, model: nn.Module) -> None:
        """Count the running statistics that averaged weights lack, as the judge does."""
        recalibrate(model, counted(self.pictures, self.parts, self.normalise, self.trainer.hardware.device))


def classifying(plan: SlimPlan, trainer: Trainer) -> Classifying:
    """Reads the pictures; raises `DataError`."""
    family, size = plan.info.family, plan.image_size
    trainer.progress("data", 0.0)
    skipped: tuple[str, ...] = ()
    if plan.data == DIGITS:
        pictures, augmentation = digits(size), OF_DIGITS
        parts = parted(pictures.labels, plan.request.fold)
    else:
        kept = trainer.folder / "data"
        crop = family.preprocessing
        read = read_folder(Path(plan.data), size, crop, kept, lambda share: trainer.progress("data", share))
        pictures, parts, skipped, augmentation = read.pictures, read.parts, read.skipped, PHOTOGRAPHS
    space = plan.method.space(configuration(plan.info), size, len(pictures.classes))
    normalise = Normalisation(family.mean, family.std)
    return Classifying(plan, space, pictures, parts, augmentation, skipped, normalise, trainer)
