"""What supernets are trained for: the losses of the architectures, or branches, that a batch goes through."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from exporter.graphs.normalisation import Normalisation
from exporter.models.efficienttam import EfficientTAM
from exporter.slim.architecture import Architecture, Space
from exporter.slim.carving import skeleton
from exporter.slim.supernets.metapaths import MetaPaths, temperature
from exporter.slim.supernets.slimmable import Slimmable
from exporter.train.classification import channels_last, divergence
from exporter.train.imitation import Imitation
from exporter.train.objective import Batch as TrackerBatch
from exporter.train.pictures.batches import Batch

DRAWN = 2
"""Architectures that a batch trains beside the largest and the smallest (arXiv 2212.08059 §3.4)"""


class SandwichObjective(nn.Module):
    """A slimmable network: a batch trains its parent, and its smallest and drawn architectures, which learn from it.

    That they learn from what the parent answers is ours (from arXiv 1903.05134 §3.3); the paper does not say.
    """

    def __init__(self, supernet: Slimmable, normalise: Normalisation, taught: float = 0.5) -> None:
        super().__init__()
        self.supernet = channels_last(supernet)
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
            return (1 - self.taught) * own + self.taught * divergence(logits, answer.detach())

        random = Random(batch.number)
        losses["smallest"] = loss(space.smallest)
        losses["drawn"] = torch.stack([loss(space.drawn(random)) for _ in range(DRAWN)]).mean()
        total = losses["parent"] + losses["smallest"] + DRAWN * losses["drawn"]
        return {**losses, "loss": total / (2 + DRAWN)}


class SlimmableTrackerObjective(nn.Module):
    """A slimmable tracker: a batch trains one architecture, each second one that is drawn, to imitate the parent as it
    was before, whose decoder and memory all have.

    Of the four that a batch of a slimmable classifier trains, there is no time for more than one: a batch of clips
    takes a hundred times as long as one of pictures of digits.
    """

    def __init__(self, supernet: Slimmable, products: torch.dtype) -> None:
        super().__init__()
        self.supernet = supernet
        self.products = products
        parent = cast(EfficientTAM, supernet.parent)
        self.teachers = (deepcopy(parent).eval().requires_grad_(False),)
        """Not registered as a part, for it is neither trained nor saved"""

    def forward(self, batch: TrackerBatch) -> dict[str, Tensor]:
        """The losses of `Imitation`. Which architecture is trained is torch's generator's to say."""
        space = self.supernet.space
        architecture = drawn_for_batch(space)
        module = cast(EfficientTAM, skeleton(space, architecture))
        objective = Imitation(module, *self.teachers, self.products)
        objective.normalise.to(batch.frames.device)
        own = {f"model.{name}": value for name, value in self.supernet.weights(architecture).items()}
        losses: dict[str, Tensor] = functional_call(objective, own, (batch,))
        return losses


def drawn_for_batch(space: Space) -> Architecture:
    """Half of the time any, else the parent or the smallest; by torch's generator."""
    random = Random(int(torch.randint(2**31, ())))
    fixed = random.choice((space.parent, space.smallest))
    return random.choice((fixed, space.drawn(random)))


class MetaPathsObjective(nn.Module):
    """A network of competing branches, which are drawn apart as training goes on."""

    def __init__(self, supernet: MetaPaths, normalise: Normalisation, batches: int) -> None:
        """`batches` is how many there will be in all."""
        super().__init__()
        self.supernet = channels_last(supernet)
        self.normalise = normalise
        self.batches = batches

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """`loss`, under noise that follows from the batch."""
        noise = torch.Generator().manual_seed(batch.number)
        logits = self.supernet(self.normalise(batch.images), temperature(batch.number / self.batches), noise)
        return {"loss": F.cross_entropy(logits, batch.targets)}
