"""What supernets are trained for: the losses of the architectures, or branches, that a batch goes through."""

from __future__ import annotations

from random import Random

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from exporter.graphs.normalisation import Normalisation
from exporter.slim.architecture import Architecture
from exporter.slim.supernets.metapaths import MetaPaths, temperature
from exporter.slim.supernets.slimmable import Slimmable
from exporter.train.classification import difference
from exporter.train.pictures.batches import Batch

DRAWN = 2
"""Architectures that a batch trains beside the largest and the smallest (arXiv 2212.08059 §3.4)"""


class SandwichObjective(nn.Module):
    """A slimmable network: a batch trains its parent, and its smallest and drawn architectures, which learn from it.

    That they learn from what the parent answers is ours (from arXiv 1903.05134 §3.3); the paper does not say.
    """

    def __init__(self, supernet: Slimmable, normalise: Normalisation, taught: float = 0.5) -> None:
        super().__init__()
        self.supernet = supernet
        self.normalise = normalise
        self.taught = taught

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """The losses `parent`, `smallest`, `drawn`, and `loss`, their mean. Which are drawn follows from the batch."""
        images, space = self.normalise(batch.images), self.supernet.space
        answer = self.supernet(images, space.parent)
        losses = {"parent": F.cross_entropy(answer, batch.targets)}

        def loss(architecture: Architecture) -> Tensor:
            logits = self.supernet(images, architecture)
            own = F.cross_entropy(logits, batch.targets)
            return (1 - self.taught) * own + self.taught * difference(logits, answer.detach())

        random = Random(batch.number)
        losses["smallest"] = loss(space.smallest)
        losses["drawn"] = torch.stack([loss(space.drawn(random)) for _ in range(DRAWN)]).mean()
        total = losses["parent"] + losses["smallest"] + DRAWN * losses["drawn"]
        return {**losses, "loss": total / (2 + DRAWN)}


class MetaPathsObjective(nn.Module):
    """A network of competing branches, which are drawn apart as training goes on."""

    def __init__(self, supernet: MetaPaths, normalise: Normalisation, batches: int) -> None:
        """`batches` is how many there will be in all."""
        super().__init__()
        self.supernet = supernet
        self.normalise = normalise
        self.batches = batches

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """`loss`, under noise that follows from the batch."""
        noise = torch.Generator().manual_seed(batch.number)
        logits = self.supernet(self.normalise(batch.images), temperature(batch.number / self.batches), noise)
        return {"loss": F.cross_entropy(logits, batch.targets)}
