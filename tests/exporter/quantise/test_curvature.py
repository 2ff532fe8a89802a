"""Curvature is the second derivative of the divergence from what the float program says."""

import pytest
import torch

from exporter.quantise.curvature import curved
from exporter.quantise.simulated import Simulation
from tests.exporter.quantise.small import TwoLayers, graph, images, seeded

DRAWS = 4000
"""So that their mean is right within a few percent"""


def divergence(kind, reference, found):
    """In nats"""
    if kind == "class_scores":
        chances = reference.softmax(-1)
        return (chances * (reference.log_softmax(-1) - found.log_softmax(-1))).sum()
    chances, other = reference.sigmoid(), found.sigmoid()
    return (chances * (chances / other).log() + (1 - chances) * ((1 - chances) / (1 - other)).log()).sum()


@pytest.mark.parametrize("kind", ["class_scores", "label_scores"])
def test_it_agrees_with_finite_differences_of_the_divergence(kind):
    small = graph(seeded(TwoLayers), kind)
    (inputs,) = images(1)
    ((_, curvature),) = curved(small, [inputs], ["mean"], draws=DRAWS)
    reference = Simulation(small.program).outputs(inputs)[0].double()
    head = next(value.double() for value in small.program.state_dict.values() if value.shape == (5, 6))
    exact = []
    for channel in range(6):
        steps = [sign * 1e-3 * head[:, channel] for sign in (-1, 1)]
        ahead, behind = (divergence(kind, reference, reference + step) for step in steps)
        exact.append(float(ahead + behind) / 1e-6)
    assert curvature["mean"].flatten().tolist() == pytest.approx(exact, rel=0.15)


def test_an_output_of_another_kind_counts_in_standard_deviations():
    small = graph(seeded(TwoLayers), "features")
    (inputs,) = images(1)
    ((values, curvature),) = curved(small, [inputs], ["linear"], draws=3)
    assert torch.allclose(curvature["linear"], 1 / values["linear"].var(correction=0))


def test_what_an_activation_ignores_has_little():
    small = graph(seeded(TwoLayers), "class_scores")
    (inputs,) = images(1)
    ((values, curvature),) = curved(small, [inputs], ["conv2d", "linear"])
    assert (curvature["linear"] > 0).all()
    # GELU is flat where its operand is far below zero, and steep above.
    low, high = values["conv2d"].argmin(), values["conv2d"].argmax()
    assert curvature["conv2d"].flatten()[low] < curvature["conv2d"].flatten()[high]
