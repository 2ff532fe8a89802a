"""What a classifier is trained for, and how well it does: cross-entropy, distillation from a teacher, accuracy."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from exporter.graphs.normalisation import Normalisation
from exporter.train.pictures.batches import Batch
from exporter.train.pictures.labelled import Pictures

AT_ONCE = 256
"""Pictures in a batch that is judged"""


TEMPERATURES = tuple(2.0 ** (step / 4) for step in range(-12, 13))
"""That logits are divided by, of which the best is taken"""
Module = TypeVar("Module", bound=nn.Module)


def channels_last(module: Module) -> Module:
    """A module whose kernels lie in memory as images of batches do: convolutions need no copies then."""
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return module


class ClassifierObjective(nn.Module):
    """A classifier and its losses: a batch -> `loss`, of which `cross_entropy` and `distillation` are the parts."""

    def __init__(
        self, model: nn.Module, normalise: Normalisation, teacher: nn.Module | None = None, taught: float = 0.5
    ) -> None:
        """`taught` is the share of the loss that is the difference to the teacher's answer (arXiv 1503.02531)."""
        super().__init__()
        self.model = channels_last(model)
        self.normalise = normalise
        self.teachers = () if teacher is None else (teacher.eval().requires_grad_(False),)
        """Not registered as a part, for it is neither trained nor saved"""
        self.taught = taught

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        images = self.normalise(batch.images)
        logits = self.model(images)
        losses = {"cross_entropy": F.cross_entropy(logits, batch.targets)}
        losses["loss"] = losses["cross_entropy"]
        for teacher in self.teachers:
            with torch.no_grad():
                answer = teacher.to(images.device)(images)
            losses["distillation"] = divergence(logits, answer)
            losses["loss"] = (1 - self.taught) * losses["cross_entropy"] + self.taught * losses["distillation"]
        return losses


def divergence(logits: Tensor, teachers: Tensor) -> Tensor:
    """Mean Kullback–Leibler divergence of answers [B, classes] from a teacher's."""
    return F.kl_div(logits.log_softmax(-1), teachers.log_softmax(-1), reduction="batchmean", log_target=True)


def accuracy(
    model: nn.Module, normalise: Normalisation, pictures: Pictures, chosen: NDArray[np.int64], device: torch.device
) -> float:
    """Share of the chosen pictures that a classifier, in eval mode, gives most to the right class."""
    right = logits(model, normalise, pictures, chosen, device).argmax(-1).numpy() == pictures.labels[chosen]
    return float(right.mean())


def likelihood(
    model: nn.Module, normalise: Normalisation, pictures: Pictures, chosen: NDArray[np.int64], device: torch.device
) -> float:
    """Geometric mean of the probabilities that it gives to the right class, in 0–1, at the temperature that is best for
    it (arXiv 1706.04599 §4.2): how sure it is says little of how good it is."""
    given = logits(model, normalise, pictures, chosen, device)
    labels = torch.from_numpy(pictures.labels[chosen])
    return max(float((-F.cross_entropy(given / temperature, labels)).exp()) for temperature in TEMPERATURES)


@torch.inference_mode()
def logits(
    model: nn.Module, normalise: Normalisation, pictures: Pictures, chosen: NDArray[np.int64], device: torch.device
) -> Tensor:
    """[chosen, classes]; the model goes to the device"""
    model.to(device)
    found = []
    for first in range(0, len(chosen), AT_ONCE):
        pixels = torch.from_numpy(pictures.pixels[chosen[first : first + AT_ONCE]])
        images = pixels.to(device, torch.float32, memory_format=torch.channels_last)
        found.append(model(normalise(images)).float().cpu())
    return torch.cat(found)
