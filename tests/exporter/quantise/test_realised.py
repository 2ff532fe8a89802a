"""What was chosen is found again: weights in a program, ranges by what a toolchain observes."""

import numpy as np
import pytest
import torch
from torch import nn

from exporter.quantise.observed import Observed, Range, nearly_all
from exporter.quantise.realised import Known, Parameters, parameters, recognising, with_parameters
from exporter.quantise.simulated import LAYERS, Simulation
from tests.exporter.quantise.small import Residual, graph, images, seeded


def layers(simulation):
    return {node.name: node for node in simulation.graph.nodes if node.target in LAYERS}


def observed(*values):
    found = Observed()
    found.add(np.array(values, np.float32))
    return found


@pytest.fixture(scope="module")
def small():
    return graph(seeded(Residual), "features")


def test_a_layer_without_bias_has_zeros(small):
    simulation = Simulation(small.program)
    found = parameters(simulation.unlifted, layers(simulation)["conv2d"])
    assert torch.equal(found.weight, small.module.conv.weight)
    assert found.bias.tolist() == [0, 0, 0]


def test_weights_that_are_computed_are_refused():
    class Normalised(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(4, 8))

        def forward(self, image):
            return {"features": nn.functional.linear(image, self.weight * image.mean())}

    simulation = Simulation(graph(Normalised(), "features", (1, 8)).program)
    with pytest.raises(ValueError, match="no constants"):
        parameters(simulation.unlifted, layers(simulation)["linear"])


def test_a_layer_is_given_other_weights_and_a_bias_and_the_others_keep_theirs(small):
    chosen = {"conv2d": Parameters(torch.zeros(3, 3, 1, 1), torch.ones(3))}
    (inputs,) = images(1)
    (found,) = Simulation(with_parameters(small.program, chosen)).outputs(inputs)
    assert torch.allclose(found, small.module.depthwise(torch.from_numpy(inputs["image"]) + 1), atol=1e-6)


def test_layers_that_share_their_weights_no_longer_do():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(8, 8)

        def forward(self, image):
            return {"features": self.layer(self.layer(image))}

    shared = graph(seeded(Twice), "features", (1, 8))
    given = images(1, (1, 8))[0]
    changed = with_parameters(shared.program, {"linear": Parameters(torch.eye(8), torch.zeros(8))})
    (found,) = Simulation(changed).outputs(given)
    assert torch.allclose(found, shared.module.layer(torch.from_numpy(given["image"])), atol=1e-6)


def test_the_nearest_tensor_of_as_many_values_is_meant():
    tensors = [
        Known(observed(-1.0, 0.0, 2.0), Range(-0.5, 1.0)),
        Known(observed(-1.0, 0.0, 2.001), Range(-0.6, 1.1)),
        Known(observed(-1.0, 2.0), Range(-0.7, 1.2)),
    ]
    reading = recognising(tensors)
    assert reading(observed(2.0, -1.0, 0.3)) == Range(-0.5, 1.0)
    assert reading(observed(2.0009, -1.0, 0.3)) == Range(-0.6, 1.1)
    assert reading(observed(2.0, -1.0)) == Range(-0.7, 1.2)


def test_of_what_is_not_known_the_range_is_that_of_nearly_all_values():
    unknown = observed(-1.0, 0.0, 3.0)
    for tensors in ([], [Known(observed(-1.0, 0.0, 2.0), Range(-0.5, 1.0))]):
        assert recognising(tensors)(unknown) == nearly_all(unknown)
