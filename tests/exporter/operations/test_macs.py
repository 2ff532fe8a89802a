"""Multiply-accumulates, counted by hand and for whole models."""

import pytest
import torch
import torch.nn.functional as F

from exporter.backends import backend
from exporter.backends.interface import LowerOptions
from exporter.graphs.capture import capture
from exporter.graphs.cut import graphs_of
from exporter.manifest import TensorSpec
from exporter.models.registry import create_model, model_info
from exporter.operations.macs import macs
from exporter.operations.of_program import call_of, operations, operator_name
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
    assert sum(map(macs, operations(program))) == expected


def test_decomposed_convolutions_count_the_same():
    class Both(torch.nn.Module):
        def forward(self, x, w):
            return F.conv_transpose2d(F.conv2d(x, w), w, stride=2)

    program = torch.export.export(Both(), (torch.zeros(1, 4, 8, 8), torch.zeros(4, 4, 2, 2)))
    count = sum(map(macs, operations(program)))
    assert count == 7 * 7 * 4 * 16 + 7 * 7 * 4 * 16
    assert sum(map(macs, operations(program.run_decompositions()))) == count


@pytest.mark.parametrize("model", SMALLEST.values())
def test_models_have_the_multiply_accumulates_that_the_registry_lists(model):
    (graph,) = graphs_of(create_model(model))
    assert sum(map(macs, operations(graph.program))) / 1e9 == pytest.approx(model_info(model).gmacs, rel=1e-3)


def test_names_are_those_of_the_operators():
    program = torch.export.export(torch.nn.ReLU(), (torch.zeros(1),))
    assert [operator_name(node) for node in program.graph.nodes if node.op == "call_function"] == ["aten.relu.default"]


def test_a_call_by_itself_counts_as_in_its_program():
    program = torch.export.export(torch.nn.Conv2d(4, 6, 3), (torch.zeros(1, 4, 8, 8),))
    calls = [call_of(node) for node in program.graph.nodes if node.op == "call_function"]
    assert list(map(macs, calls)) == list(map(macs, operations(program)))


def test_a_tflite_file_has_those_of_the_program_that_it_is_made_of(tmp_path):
    class Every(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.depthwise = torch.nn.Conv2d(3, 8, 3, 2), torch.nn.Conv2d(8, 8, 3, groups=8)
            self.up, self.linear = torch.nn.ConvTranspose2d(8, 6, 2, 2), torch.nn.Linear(6, 5)

        def forward(self, image):
            tokens = self.linear(self.up(self.depthwise(self.conv(image))).flatten(2).transpose(1, 2))
            return {"y": (tokens @ tokens.transpose(1, 2)) @ tokens}

    image, tokens = (
        TensorSpec(name=name, shape=shape, dtype="float32", layout="N" * len(shape), kind="features", meaning="numbers")
        for name, shape in (("image", (1, 3, 19, 17)), ("y", (1, 168, 5)))
    )
    graph, path = capture("classify", Every().eval(), (image,), (tokens,)), tmp_path / "every.tflite"
    backend("tflite").lower(graph, path, LowerOptions("fp32"))
    assert sum(map(macs, backend("tflite").operations(path))) == sum(map(macs, operations(graph.program)))
