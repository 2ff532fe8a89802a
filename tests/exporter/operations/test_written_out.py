"""A hard swish that a model writes out is one operator again."""

import pytest
import torch
from torch import nn

from exporter.operations.kernels import FUSIONS, kernels
from exporter.operations.of_program import operations


class Swish(nn.Module):
    def forward(self, x):
        return x * nn.functional.relu6(x + 3) / 6


class OtherDivisor(nn.Module):
    def forward(self, x):
        return x * nn.functional.relu6(x + 3) / 5


class AlsoRead(nn.Module):
    def forward(self, x):
        clamped = nn.functional.relu6(x + 3)
        return x * clamped / 6 + clamped


class OfAnother(nn.Module):
    def forward(self, x):
        return (2 * x) * nn.functional.relu6(x + 3) / 6


def names(module, runtime):
    program = torch.export.export(module.eval(), (torch.zeros(1, 4, 8, 8),))
    return [name for made in kernels(operations(program), FUSIONS[runtime, "cpu"]) for name in made.operations]


def test_tflite_runs_it_as_one_operator():
    assert names(Swish(), "tflite") == ["hardswish"]


def test_pytorch_runs_it_as_it_is_written():
    assert names(Swish(), "pytorch") == ["add", "relu6", "mul", "div"]


@pytest.mark.parametrize("module", [OtherDivisor(), AlsoRead(), OfAnother()], ids=lambda module: type(module).__name__)
def test_what_only_looks_like_it_stays_as_it_is(module):
    assert "hardswish" not in names(module, "tflite")
