"""What a runtime holds as integers is found behind views and parts, and read by whoever computes with it."""

import pytest
import torch
from torch import nn

from exporter.quantise.scheme import Integers
from exporter.quantise.simulated import Simulation
from exporter.quantise.tensors import in_integers, is_float, operands, operators, readers, source
from tests.exporter.quantise.small import graph, seeded


class Split(nn.Module):
    """Halves of a convolution's channels, of which one is turned round before they are added; and a constant."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.register_buffer("offset", torch.ones(1, 2, 8, 8))

    def forward(self, image):
        one, other = self.conv(image).chunk(2, 1)
        return {"features": nn.functional.gelu(one.transpose(2, 3) + other) + self.offset}


@pytest.fixture(scope="module")
def nodes():
    split = Simulation(graph(seeded(Split), "features").program).graph
    return {node.name: node for node in split.nodes}


def test_the_source_of_a_part_or_view_is_what_computed_it(nodes):
    assert source(nodes["transpose"]) is nodes["conv2d"]
    assert source(nodes["conv2d"]) is nodes["conv2d"]


def test_readers_are_found_behind_views_and_parts(nodes):
    assert set(readers(nodes["conv2d"])) == {nodes["add"]}


def test_operands_of_a_layer_are_without_its_weights_and_of_a_sum_with_its_constants(nodes):
    assert operands(nodes["conv2d"]) == [nodes["image"]]
    assert [node.op for node in operands(nodes["add_1"])] == ["call_function", "get_attr"]


def test_what_has_no_single_tensor_is_no_float(nodes):
    assert not is_float(nodes["chunk"])
    assert is_float(nodes["gelu"])


def test_only_operators_of_these_kinds_and_what_they_read_are_in_integers(nodes):
    graph = nodes["image"].graph
    assert [node.name for node in operators(graph, ["aten.gelu.default"])] == ["gelu"]
    found = in_integers(graph, ["aten.conv2d.default"])
    assert found == [nodes["image"], nodes["conv2d"]]
    assert len(in_integers(graph, Integers().kinds)) == 6
