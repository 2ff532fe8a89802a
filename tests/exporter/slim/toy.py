"""Small supernets in training, in processes of their own under torchrun."""

import sys
from pathlib import Path

import torch
from torch import nn

from exporter.graphs.normalisation import Normalisation
from exporter.models.registry import IMAGENET_MEAN, IMAGENET_STD
from exporter.models.weights.loading import seed_weights
from exporter.slim.objectives import MetaPathsObjective, SandwichObjective
from exporter.slim.supernets.metapaths import MetaPaths
from exporter.slim.supernets.slimmable import Slimmable
from exporter.train.loop import Hardware, Schedule, train
from exporter.train.pictures.batches import DIGITS, PictureBatches
from exporter.train.pictures.digits import digits
from exporter.train.pictures.labelled import Pictures, parted
from tests.exporter.slim.small import SIZE, V1, V2

KINDS = ("slimmable", "metapaths")
SCHEDULE = Schedule(steps=3, rate=1e-3, warmup=1)
NORMALISE = Normalisation(IMAGENET_MEAN, IMAGENET_STD)


def batches(count: int = 4) -> PictureBatches:
    """Of the digits 0 to 4."""
    every = digits(SIZE)
    few = every.labels < 5
    pictures = Pictures(every.pixels[few], every.labels[few], every.classes[:5])
    return PictureBatches(pictures, parted(pictures.labels).training, count, DIGITS)


def slimmable() -> Slimmable:
    parent = V2.build(V2.parent)
    seed_weights(parent)
    return Slimmable(parent, V2)


def objective(kind: str) -> nn.Module:
    if kind == "slimmable":
        return SandwichObjective(slimmable(), NORMALISE)
    torch.manual_seed(0)
    return MetaPathsObjective(MetaPaths(V1), NORMALISE, batches=6)


def trained(kind: str, folder: Path, schedule: Schedule = SCHEDULE) -> nn.Module:
    """After which it is in the place of its average."""
    learning = objective(kind)
    train(learning, batches(), schedule, folder, Hardware.found(), workers=0, every=100)
    return learning


if __name__ == "__main__":
    name, folder = sys.argv[1], Path(sys.argv[2])
    learned = trained(name, folder)
    if Hardware.found().rank == 0:
        torch.save(learned.state_dict(), folder / "result.pt")
