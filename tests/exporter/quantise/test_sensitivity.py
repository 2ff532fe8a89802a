"""What each operator loses by eight bits, told from gradients, is what it loses when it alone is rounded."""

from math import log10

import pytest
import torch
from torch import nn

from exporter.quantise.observed import Observed, affine, nearly_all
from exporter.quantise.realised import parameters
from exporter.quantise.sensitivity import noises
from exporter.quantise.simulated import LAYERS, Rounding, Simulation, rounded_weights
from tests.exporter.quantise.small import Residual, TwoLayers, graph, images, seeded


class Deep(nn.Module):
    """Layers of several kinds, with what is not linear between them."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.GELU(), nn.Conv2d(16, 16, 3, padding=1, groups=16), nn.SiLU()
        )
        self.head = nn.Linear(16, 7)

    def forward(self, image):
        return {"logits": self.head(self.layers(image).mean((2, 3)))}


def rounded_alone(whole, calibration, name):
    """Noise as a share of the signal where this node's result and weights are rounded, and nothing else is."""
    plain = Simulation(whole.program)
    (node,) = (one for one in plain.graph.nodes if one.name == name)
    seen = Observed()
    for inputs in calibration:
        seen.add(plain.record(inputs, [name])[1][name].numpy())
    weights = {name: rounded_weights(parameters(plain.unlifted, node).weight)} if node.target in LAYERS else {}
    other = Simulation(whole.program, Rounding({name: affine(nearly_all(seen))}, weights))
    shares = []
    for inputs in calibration:
        expected, actual = (torch.cat([one.flatten() for one in each.outputs(inputs)]) for each in (plain, other))
        shares.append(float((actual - expected).square().sum() / expected.square().sum()))
    return sum(shares) / len(shares)


@pytest.mark.parametrize("make", [Residual, TwoLayers, Deep])
def test_it_is_what_rounding_alone_does(make):
    whole, calibration = graph(seeded(make)), images(4)
    found = noises(whole, calibration)
    assert len(found) >= 4
    for one in found:
        assert abs(10 * log10(one.all / rounded_alone(whole, calibration, one.name))) < 3, one


def test_the_range_of_all_values_is_told_of_too():
    shape = (1, 3, 64, 64)
    whole, calibration = graph(seeded(Deep), shape=shape), images(10, shape)
    most = max(abs(one["image"]).max() for one in calibration)
    calibration[1]["image"][0, 0, 0, 0] = 9 * most  # one value in more than 100,000 is in no range of nearly all
    (image,) = (one for one in noises(whole, calibration) if one.name == "image")
    steps = (9 + 1) / (1 + 1)  # how much wider those of the range from -most to 9 most are
    assert abs(10 * log10(image.extremes / image.result / steps**2)) < 3


def test_the_worst_comes_first():
    found = noises(graph(seeded(Deep)), images(2))
    assert [one.all for one in found] == sorted((one.all for one in found), reverse=True)


def test_what_has_no_weights_loses_nothing_by_them():
    found = {one.name: one for one in noises(graph(seeded(Residual), "features"), images(2))}
    assert set(found) == {"image", "conv2d", "add", "conv2d_1"}
    assert {name for name, one in found.items() if one.weights} == {"conv2d", "conv2d_1"}
    assert (found["image"].kind, found["add"].kind) == ("input", "aten.add.Tensor")


def test_the_same_inputs_give_the_same():
    whole = graph(seeded(TwoLayers))
    assert noises(whole, images(3)) == noises(whole, images(3))
