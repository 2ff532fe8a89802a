"""Multiply-accumulates, counted by hand and for whole models."""

import pytest
import torch
import torch.nn.functional as F

from exporter.graphs.classifier import classifier_graphs
from exporter.graphs.macs import macs, operator_name
from exporter.models.registry import create_model, model_info
from tests.models import SMALLEST


@pytest.mark.parametrize(
    ("function", "shapes", "expected"),
    [
        (lambda x, w: F.conv2d(x, w, stride=2, padding=1), [(1, 4, 8, 8), (6, 4, 3, 3)], 6 * 4 * 4 * 4 * 9),
        (lambda x, w: F.conv2d(x, w, groups=4), [(1, 4, 8, 8), (4, 1, 3, 3)], 4 * 6 * 6 * 9),
        (lambda x, w: F.conv_transpose2d(x, w, stride=2), [(1, 4, 5, 5), (4, 3, 2, 2)], 4 * 5 * 5 * 3 * 2 * 2),
        (lambda x, w: F.conv_transpose2d(x, w, stride=2), [(1, 4, 5, 5), (4, 4, 2, 2)], 4 * 5 * 5 * 4 * 2 * 2),
        (lambda x, w: F.linear(x, w), [(2, 7, 4), (5, 4)], 2 * 7 * 5 * 4),
        (lambda x, y: x @ y, [(3, 2, 7, 4), (3, 2, 4, 5)], 6 * 7 * 4 * 5),
        (lambda x, y: torch.addmm(x.sum(), x, y), [(7, 4), (4, 5)], 7 * 4 * 5),
        (lambda q, k: F.scaled_dot_product_attention(q, k, k), [(1, 2, 7, 4), (1, 2, 9, 4)], 2 * (2 * 7 * 9 * 4)),
        (lambda x, y: x * y + y, [(7, 4), (7, 4)], 0),
    ],
)
def test_operators(function, shapes, expected):
    class Module(torch.nn.Module):
        def forward(self, *inputs):
            return function(*inputs)

    program = torch.export.export(Module(), tuple(torch.zeros(shape) for shape in shapes))
    assert sum(map(macs, program.graph.nodes)) == expected


def test_decomposed_convolutions_count_the_same():
    class Both(torch.nn.Module):
        def forward(self, x, w):
            return F.conv_transpose2d(F.conv2d(x, w), w, stride=2)

    program = torch.export.export(Both(), (torch.zeros(1, 4, 8, 8), torch.zeros(4, 4, 2, 2)))
    count = sum(map(macs, program.graph.nodes))
    assert count == 7 * 7 * 4 * 16 + 7 * 7 * 4 * 16
    assert sum(map(macs, program.run_decompositions().graph.nodes)) == count


@pytest.mark.parametrize("model", SMALLEST.values())
def test_models_have_the_multiply_accumulates_that_the_registry_lists(model):
    info = model_info(model)
    (graph,) = classifier_graphs(create_model(model), info)
    assert sum(map(macs, graph.program.graph.nodes)) / 1e9 == pytest.approx(info.gmacs, rel=1e-3)


def test_names_are_those_of_the_operators():
    program = torch.export.export(torch.nn.ReLU(), (torch.zeros(1),))
    assert [operator_name(node) for node in program.graph.nodes if node.op == "call_function"] == ["aten.relu.default"]
