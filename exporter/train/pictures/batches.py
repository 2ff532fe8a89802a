"""Batches as a classifier is trained on them; batch number n is a function of the seed and of n alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from exporter.train.pictures.labelled import Pictures


@dataclass(frozen=True)
class Augmentation:
    """How a picture is changed each time that it is seen."""

    zoom: tuple[float, float] = (0.7, 1.0)
    """Least and greatest side of what is seen of it, as a share of its own"""
    shift: float = 0.15
    """How far that is moved at most, likewise"""
    flip: bool = True
    """Whether left and right are changed in half of them"""
    mixup: float = 0.2
    """α of the share of a second picture (arXiv 1710.09412); 0 mixes none"""


PHOTOGRAPHS = Augmentation()
DIGITS = Augmentation(zoom=(0.9, 1.1), shift=0.08, flip=False)
"""Whose mirror images are others, or none"""


@dataclass(frozen=True)
class Batch:
    """B pictures."""

    number: int
    images: Tensor
    """RGB 0–255 [B, 3, S, S], float32; channels last in memory, by which convolutions take a third less time here"""
    targets: Tensor
    """Probabilities [B, classes], float32"""

    def to(self, device: torch.device) -> Batch:
        moved: dict[str, Any] = {"images": self.images.to(device), "targets": self.targets.to(device)}
        return replace(self, **moved)


@dataclass(frozen=True, eq=False)
class PictureBatches(Dataset[Batch]):
    """Batches without end: each picture once in each turn through all."""

    pictures: Pictures
    chosen: NDArray[np.int64]
    """Which of them"""
    count: int
    """Pictures in a batch, B"""
    augmentation: Augmentation
    smoothing: float = 0.1
    """Share of the target that all classes have alike (arXiv 1512.00567 §7)"""
    seed: int = 0

    def __getitem__(self, index: int) -> Batch:
        random = np.random.default_rng((self.seed, index))
        rows = np.array([self._picture(index * self.count + place) for place in range(self.count)])
        images = _changed(torch.from_numpy(self.pictures.pixels[rows]).float(), self.augmentation, random)
        classes = len(self.pictures.classes)
        sure = F.one_hot(torch.from_numpy(self.pictures.labels[rows]), classes).float()
        targets = sure * (1 - self.smoothing) + self.smoothing / classes
        if self.augmentation.mixup:
            share = float(random.beta(self.augmentation.mixup, self.augmentation.mixup))
            others = torch.from_numpy(random.permutation(self.count))
            images, targets = (share * x + (1 - share) * x[others] for x in (images, targets))
        return Batch(index, images, targets)

    def _picture(self, place: int) -> int:
        """The picture at a place in the endless row of all turns."""
        turn, within = divmod(place, len(self.chosen))
        return int(self.chosen[_order(self.seed, turn, len(self.chosen))[within]])


@lru_cache(maxsize=2)  # a batch may end a turn and begin the next
def _order(seed: int, turn: int, count: int) -> NDArray[np.int64]:
    return np.random.default_rng((seed, turn, count)).permutation(count)


def _changed(images: Tensor, how: Augmentation, random: np.random.Generator) -> Tensor:
    """Each picture zoomed, shifted and turned over by itself [B, 3, S, S]."""
    count = len(images)
    zoom = random.uniform(*how.zoom, count)
    across = zoom * (random.choice((-1, 1), count) if how.flip else 1)
    shifts = 2 * random.uniform(-how.shift, how.shift, (2, count))
    zeros = np.zeros(count)
    rows = np.stack([np.stack([across, zeros, shifts[0]], -1), np.stack([zeros, zoom, shifts[1]], -1)], 1)
    grid = F.affine_grid(torch.from_numpy(rows).float(), list(images.shape), align_corners=False)
    changed = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    return changed.contiguous(memory_format=torch.channels_last)
