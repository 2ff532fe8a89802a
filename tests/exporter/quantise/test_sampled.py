"""What errors are judged on stands for all of a tensor or of a layer's result."""

import pytest
import torch
from torch import nn

from exporter.quantise.sampled import POSITIONS, VALUES, convolution, sample_positions, sample_values
from exporter.quantise.simulated import LAYERS, Simulation
from tests.exporter.quantise.small import graph, seeded


def generator():
    return torch.Generator().manual_seed(0)


def test_of_a_small_tensor_every_value_is_taken_once():
    values = torch.randn(3, 5, generator=generator())
    found = sample_values(values, torch.ones(3, 5), generator())
    assert torch.equal(found.values, values.flatten())
    assert torch.equal(found.weight, torch.ones(15))


def test_of_a_large_one_the_greatest_are_taken_and_others_stand_for_the_rest():
    values = torch.randn(10 * VALUES, generator=generator())
    values[77] = -100
    found = sample_values(values, torch.ones(len(values)), generator())
    assert len(found.values) == VALUES
    assert found.values.min() == -100
    assert found.weight.sum() == len(values)
    sum_of_squares = (found.weight * found.values.square()).sum()
    assert float(sum_of_squares) == pytest.approx(float(values.square().sum()), rel=0.05)


def test_what_has_no_curvature_counts_a_little():
    found = sample_values(torch.ones(2), torch.tensor([0.0, 2.0]), generator())
    assert 0 < found.weight[0] < found.weight[1]


LAYER_KINDS = {
    "pointwise": (lambda: nn.Conv2d(4, 6, 1), (1, 4, 8, 8)),
    "strided": (lambda: nn.Conv2d(4, 6, 3, stride=2, padding=1), (1, 4, 8, 8)),
    "dilated": (lambda: nn.Conv2d(4, 6, 3, dilation=2), (1, 4, 8, 8)),
    "depthwise": (lambda: nn.Conv2d(4, 8, (3, 1), padding=(1, 0), groups=4), (1, 4, 8, 8)),
    "linear": (lambda: nn.Linear(4, 6), (1, 9, 4)),
}


class Alone(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, image):
        return {"features": self.layer(image)}


def of_layer(kind):
    """The node of a layer, the module, what it is given, and what it computes."""
    make, shape = LAYER_KINDS[kind]
    module, given = seeded(lambda: Alone(make())), torch.randn(shape, generator=generator())
    (node,) = (one for one in Simulation(graph(module, "features", shape).program).graph.nodes if one.target in LAYERS)
    return node, module.layer, given, module.layer(given)


@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_the_columns_of_a_layer_give_its_results_where_they_were_taken(kind):
    node, layer, given, result = of_layer(kind)
    found = sample_positions(node, given, torch.ones(result.shape), generator())
    groups, width, count = found.columns.shape
    products = layer.weight.reshape(groups, -1, width) @ found.columns
    computed = products.flatten(0, 1) + layer.bias[:, None]
    every = result[0].T if kind == "linear" else result[0].flatten(1)
    assert count == min(POSITIONS, every.shape[1])
    for column in computed.T:
        assert (every - column[:, None]).abs().amax(0).min() < 1e-5


@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_positions_stand_for_all(kind):
    node, _, given, result = of_layer(kind)
    found = sample_positions(node, given, torch.ones(result.shape), generator())
    assert float(found.weight.sum()) == pytest.approx(result.numel())


def test_the_geometry_of_a_convolution_is_told_whatever_was_left_out():
    node, *_ = of_layer("depthwise")
    assert convolution(node) == ([3, 1], [1, 1], [1, 0], [1, 1], 4)
    node, *_ = of_layer("pointwise")
    assert convolution(node) == ([1, 1], [1, 1], [0, 0], [1, 1], 1)


def test_several_images_at_once_are_refused():
    node, _, given, result = of_layer("pointwise")
    with pytest.raises(ValueError, match="a batch of 2"):
        sample_positions(node, torch.cat([given, given]), torch.ones(result.shape), generator())


def test_the_strongest_position_is_always_among_them():
    node, _, given, result = of_layer("pointwise")
    given[0, 2, 5, 6] = 100
    found = sample_positions(node, given, torch.ones(result.shape), generator())
    assert found.columns.max() == 100
