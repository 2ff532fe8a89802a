"""What a classifier is trained for, and how it is judged."""

import numpy as np
import pytest
import torch
from torch import nn

from exporter.graphs.normalisation import Normalisation
from exporter.train.classification import ClassifierObjective, accuracy, divergence
from exporter.train.pictures.batches import Batch
from exporter.train.pictures.labelled import Pictures

PLAIN = Normalisation((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


class Brightest(nn.Module):
    """Logits: how bright each of the three colours is."""

    def __init__(self, sharpness=10.0):
        super().__init__()
        self.sharpness = nn.Parameter(torch.tensor(sharpness))

    def forward(self, x):
        return self.sharpness * x.mean((2, 3))


@pytest.fixture
def pictures():
    """A red, a green and a blue one, and a blue one that is called red"""
    pixels = np.zeros((4, 3, 8, 8), dtype=np.uint8)
    for place, colour in enumerate((0, 1, 2, 2)):
        pixels[place, colour] = 255
    return Pictures(pixels, np.array([0, 1, 2, 0]), ("red", "green", "blue"))


def batch(pictures):
    return Batch(0, torch.from_numpy(pictures.pixels).float(), torch.eye(3)[pictures.labels])


def test_accuracy_is_the_share_of_the_chosen_that_are_right(pictures):
    def of(*chosen):
        return accuracy(Brightest(), PLAIN, pictures, np.array(chosen), torch.device("cpu"))

    assert (of(0, 1, 2), of(0, 1, 2, 3), of(3)) == (1.0, 0.75, 0.0)


def test_without_a_teacher_the_loss_is_cross_entropy(pictures):
    losses = ClassifierObjective(Brightest(), PLAIN)(batch(pictures))
    assert set(losses) == {"cross_entropy", "loss"}
    assert losses["loss"] == losses["cross_entropy"]


def test_a_teacher_has_its_share_and_is_neither_trained_nor_saved(pictures):
    teacher = Brightest(3.0)
    objective = ClassifierObjective(Brightest(), PLAIN, teacher, taught=0.25)
    losses = objective(batch(pictures))
    expected = 0.75 * losses["cross_entropy"] + 0.25 * losses["distillation"]
    assert float(losses["loss"].detach()) == pytest.approx(float(expected.detach()))
    losses["loss"].backward()
    assert teacher.sharpness.grad is None
    assert {name for name, _ in objective.named_parameters()} == {"model.sharpness"}


def test_who_answers_as_the_teacher_does_has_nothing_to_learn():
    logits = torch.randn(4, 3)
    assert float(divergence(logits, logits + 2)) == pytest.approx(0, abs=1e-6)
    assert float(divergence(logits, logits.flip(0))) > 0
