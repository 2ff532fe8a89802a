"""How good an architecture is with its supernet's weights: its accuracy after its own statistics were counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from exporter.graphs.normalisation import Normalisation
from exporter.slim.architecture import Architecture
from exporter.slim.carving import built
from exporter.slim.statistics import recalibrate
from exporter.slim.supernets.supernet import Supernet
from exporter.train.classification import accuracy
from exporter.train.pictures.labelled import Parts, Pictures

COUNTED = 512
"""Pictures of the training part that statistics are counted over, in batches of:"""
AT_ONCE = 128


@dataclass(frozen=True, eq=False)
class ClassifierJudge:
    """Accuracy on the pictures to choose by."""

    supernet: Supernet
    normalise: Normalisation
    pictures: Pictures
    parts: Parts
    device: torch.device

    def __call__(self, architecture: Architecture) -> float:
        return self.accuracy(self.calibrated(architecture), self.parts.choosing)

    def calibrated(self, architecture: Architecture) -> nn.Module:
        """The module of an architecture, ready to be used."""
        module = built(self.supernet.space, architecture, self.supernet.weights(architecture)).to(self.device)
        recalibrate(module, counted(self.pictures, self.parts, self.normalise, self.device))
        return module

    def accuracy(self, module: nn.Module, chosen: NDArray[np.int64]) -> float:
        return accuracy(module, self.normalise, self.pictures, chosen, self.device)


def counted(pictures: Pictures, parts: Parts, normalise: Normalisation, device: torch.device) -> list[Tensor]:
    """Batches of normalised images [B, 3, S, S] that statistics are counted over: some of the training part's."""
    rows = np.random.default_rng(0).permutation(parts.training)[:COUNTED]
    batches = (rows[first : first + AT_ONCE] for first in range(0, len(rows), AT_ONCE))
    return [normalise(torch.from_numpy(pictures.pixels[batch]).to(device).float()) for batch in batches]
