"""Scales move from a layer norm into the linear layers that read it, and the result is the same."""

from functools import partial

import pytest
import torch
from torch import nn

from exporter.quantise.folding import folded, move_scales
from exporter.quantise.scheme import Integers
from exporter.quantise.simulated import Simulation
from tests.exporter.quantise.small import graph, images, seeded
from tests.exporter.rewrites.computation import random, rewritten

SHAPE = (1, 6, 8)


class Tokens(nn.Module):
    """A norm with one channel far wider than the others, to which two linear layers give little weight."""

    def __init__(self, also_added=False):
        super().__init__()
        self.norm, self.one, self.other = nn.LayerNorm(8), nn.Linear(8, 8), nn.Linear(8, 8)
        self.norm.weight.data[3] = 50
        for layer in (self.one, self.other):
            layer.weight.data[:, 3] /= 50
        self.also_added = also_added

    def forward(self, image):
        normal = self.norm(image)
        added = normal if self.also_added else image
        return {"features": self.one(normal) * self.other(normal) + added}


def test_moving_scales_is_exact():
    scales = random(8).double().abs() + 0.1

    def function(x, weight, bias, one, other):
        normal = nn.functional.layer_norm(x, (8,), weight, bias)
        return nn.functional.linear(normal, one) * nn.functional.linear(normal, other)

    weights = [one.double() for one in (random(8), random(8), random(5, 8), random(5, 8))]
    rewritten(partial(move_scales, scales={"layer_norm": scales}), random(1, 6, 8).double(), function, *weights)


@pytest.fixture(scope="module")
def tokens():
    return graph(seeded(Tokens), "features", SHAPE)


def test_a_channel_that_is_wider_than_the_others_is_evened_out(tokens):
    found, names = folded(tokens, images(4, SHAPE), Integers())
    assert names == ("layer_norm",)
    for inputs in images(2, SHAPE, seed=1):
        (before,), seen = Simulation(tokens.program).record(inputs, ["layer_norm"])
        (after,), evened = Simulation(found.program).record(inputs, ["layer_norm"])
        assert torch.allclose(before, after, rtol=1e-4, atol=1e-4)
        assert _unevenness(evened["layer_norm"]) < _unevenness(seen["layer_norm"]) / 4


def _unevenness(values):
    greatest = values.abs().amax((0, 1))
    return greatest.max() / greatest.median()


def test_a_norm_that_is_added_as_well_stays():
    tokens = graph(seeded(lambda: Tokens(also_added=True)), "features", SHAPE)
    found, names = folded(tokens, images(2, SHAPE), Integers())
    assert names == ()
    assert found is tokens
