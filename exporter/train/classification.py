"""What a classifier is trained for, and how well it does: cross-entropy, distillation from a teacher, accuracy."""

from __future__ import annotations

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


class ClassifierObjective(nn.Module):
    """A classifier and its losses: a batch -> `loss`, of which `cross_entropy` and `distillation` are the parts."""

    def __init__(
        self, model: nn.Module, normalise: Normalisation, teacher: nn.Module | None = None, taught: float = 0.5
    ) -> None:
        """`taught` is the share of the loss that is the difference to the teacher's answer (arXiv 1503.02531)."""
        super().__init__()
        self.model = model
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
                answer = teacher(images)
            losses["distillation"] = difference(logits, answer)
            losses["loss"] = (1 - self.taught) * losses["cross_entropy"] + self.taught * losses["distillation"]
        return losses


def difference(logits: Tensor, teachers: Tensor) -> Tensor:
    """Mean Kullback–Leibler divergence of answers [B, classes] from a teacher's."""
    return F.kl_div(logits.log_softmax(-1), teachers.log_softmax(-1), reduction="batchmean", log_target=True)


@torch.inference_mode()
def accuracy(
    model: nn.Module, normalise: Normalisation, pictures: Pictures, chosen: NDArray[np.int64], device: torch.device
) -> float:
    """Share of the chosen pictures that a classifier, in eval mode, gives most to the right class."""
    right = 0
    for first in range(0, len(chosen), AT_ONCE):
        rows = chosen[first : first + AT_ONCE]
        images = torch.from_numpy(pictures.pixels[rows]).to(device).float()
        answers = model(normalise(images)).argmax(-1).cpu().numpy()
        right += int((answers == pictures.labels[rows]).sum())
    return right / len(chosen)
