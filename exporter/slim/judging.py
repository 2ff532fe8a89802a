"""How good an architecture is with its supernet's weights, after its own statistics were counted.

Where nearly all of a few hundred pictures are told apart, accuracy hardly differs from one architecture to the next.
The likelihood of the right classes does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from exporter.graphs.normalisation import Normalisation
from exporter.slim.architecture import Architecture
from exporter.slim.carving import built
from exporter.slim.statistics import recalibrate
from exporter.slim.supernets.supernet import Supernet
from exporter.train.classification import accuracy, channels_last, likelihood
from exporter.train.pictures.labelled import Parts, Pictures

COUNTED = 256
"""Pictures of the training part that statistics are counted over, in batches of:"""
COUNTED_AT_ONCE = 128


@dataclass(frozen=True, eq=False)
class ClassifierJudge:
    """The likelihood of the right class, in 0–1, of the pictures to choose by."""

    supernet: Supernet
    normalise: Normalisation
    pictures: Pictures
    parts: Parts
    device: torch.device

    def __call__(self, architecture: Architecture) -> float:
        module = self.calibrated(architecture)
        return likelihood(module, self.normalise, self.pictures, self.parts.choosing, self.device)

    def shown(self, architecture: Architecture) -> float:
        """Accuracy"""
        module = self.calibrated(architecture)
        return accuracy(module, self.normalise, self.pictures, self.parts.choosing, self.device)

    def calibrated(self, architecture: Architecture) -> nn.Module:
        """The module of an architecture, ready to be used."""
        module = built(self.supernet.space, architecture, self.supernet.weights(architecture)).to(self.device)
        channels_last(module)
        recalibrate(module, counted(self.pictures, self.parts, self.normalise, self.device))
        return module


def counted(pictures: Pictures, parts: Parts, normalise: Normalisation, device: torch.device) -> list[Tensor]:
    """Batches of normalised images [B, 3, S, S] that statistics are counted over: some of the training part's."""
    rows = np.random.default_rng(0).permutation(parts.training)[:COUNTED]
    batches = (rows[first : first + COUNTED_AT_ONCE] for first in range(0, len(rows), COUNTED_AT_ONCE))
    pixels = (torch.from_numpy(pictures.pixels[batch]).to(device, torch.float32) for batch in batches)
    return [normalise(batch.contiguous(memory_format=torch.channels_last)) for batch in pixels]
