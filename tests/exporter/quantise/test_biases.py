"""A bias takes back what rounding does to the mean, and only that on which inputs agree."""

import pytest
import torch

from exporter.quantise.biases import agreed, mean_errors
from exporter.quantise.realised import Parameters, parameters, with_parameters
from exporter.quantise.simulated import LAYERS, Rounding, Simulation
from tests.exporter.quantise.small import TwoLayers, graph, images, seeded


def test_errors_that_all_inputs_have_are_taken_back_and_others_are_not():
    errors = torch.tensor([[1.0, 1.0, 0.0], [1.0, -1.0, 0.0]])
    assert agreed(errors).tolist() == [1.0, 0.0, 0.0]


def test_a_single_input_agrees_with_itself():
    assert agreed(torch.tensor([[0.5]])).tolist() == [0.5]


def test_without_rounding_there_is_nothing_to_take():
    small = graph(seeded(TwoLayers))
    found = mean_errors(small.program, Rounding(), images(2))
    assert {name: error.abs().max() for name, error in found.items()} == {"conv2d": 0, "linear": 0}


def test_weights_that_are_all_too_large_are_made_up_for():
    """Each layer sees what those before it make of the inputs corrected, so that the means are right at last."""
    small = graph(seeded(TwoLayers))
    inputs = [{"image": one["image"] + 3} for one in images(8)]
    simulation = Simulation(small.program)
    given = {
        node.name: parameters(simulation.unlifted, node) for node in simulation.graph.nodes if node.target in LAYERS
    }
    rounding = Rounding(weights={name: one.weight + 0.05 for name, one in given.items()})
    errors = mean_errors(small.program, rounding, inputs)
    corrected = with_parameters(
        small.program,
        {name: Parameters(rounding.weights[name], one.bias - errors[name]) for name, one in given.items()},
    )
    exact, off, mended = (
        torch.stack([one.outputs(each)[0] for each in inputs]).mean(0)
        for one in (simulation, Simulation(small.program, rounding), Simulation(corrected))
    )
    assert float((mended - exact).norm()) == pytest.approx(0, abs=float((off - exact).norm()) / 10)
