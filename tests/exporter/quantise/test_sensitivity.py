"""The table of losses tells which operators cost accuracy."""

import pytest
import torch

from exporter.quantise.observed import extremes
from exporter.quantise.sensitivity import by_kind, by_operator, rounding_of
from exporter.quantise.simulated import Simulation
from tests.exporter.quantise.small import Residual, graph, images, seeded


@pytest.fixture(scope="module")
def spoiled():
    """A network whose convolution has one weight that is a thousand times all others of its channel."""
    module = seeded(Residual)
    module.depthwise.weight.data[0, 0, 0, 0] = 1000
    return graph(module, "features")


def test_each_kind_and_each_operator_has_its_row(spoiled):
    kinds, operators = (
        by_kind(spoiled, images(4), images(4, seed=1)),
        by_operator(spoiled, images(4), images(4, seed=1)),
    )
    assert {loss.name for loss in kinds} == {"aten.conv2d.default", "aten.add.Tensor"}
    assert len(operators) == 3
    for table in (kinds, operators):
        assert [loss.sqnr for loss in table] == sorted(loss.sqnr for loss in table)


def test_quantising_more_loses_more(spoiled):
    worst = by_kind(spoiled, images(4), images(4, seed=1))[0]
    of_that_kind = [
        loss for loss in by_operator(spoiled, images(4), images(4, seed=1)) if loss.name.startswith("conv2d")
    ]
    assert worst.name == "aten.conv2d.default"
    assert worst.sqnr < max(loss.sqnr for loss in of_that_kind)


def test_the_rounding_of_a_layer_is_that_of_its_weights_and_of_what_it_reads_and_computes():
    small = graph(seeded(Residual), "features")
    simulation = Simulation(small.program)
    layer = next(node for node in simulation.graph.nodes if node.name == "conv2d")
    rounding = rounding_of(simulation, [layer], images(2), extremes)
    assert set(rounding.values) == {"image", "conv2d"}
    assert set(rounding.weights) == {"conv2d"}
    assert not torch.equal(rounding.weights["conv2d"], small.module.conv.weight)
