"""A hard swish that a model writes out is one operator again."""

import pytest
import torch
from torch import nn

from exporter.operations.kernels import FUSIONS, kernels
from exporter.operations.of_program import operations, returned


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


class AlsoReturned(nn.Module):
    def forward(self, x):
        clamped = nn.functional.relu6(x + 3)
        return x * clamped / 6, clamped


class Clamped(nn.Module):
    """With its clamp as `hardtanh`, which says between what."""

    def __init__(self, low, high):
        super().__init__()
        self.clamp = nn.Hardtanh(low, high)

    def forward(self, x):
        return x * self.clamp(x + 3) / 6


def names(module, runtime):
    program = torch.export.export(module.eval(), (torch.zeros(1, 4, 8, 8),))
    return [
        name
        for made in kernels(operations(program), returned(program), FUSIONS[runtime, "cpu"])
        for name in made.operations
    ]


@pytest.mark.parametrize("module", [Swish(), Clamped(0, 6)], ids=lambda module: type(module).__name__)
def test_tflite_runs_it_as_one_operator(module):
    assert names(module, "tflite") == ["hardswish"]


def test_pytorch_runs_it_as_it_is_written():
    assert names(Swish(), "pytorch") == ["add", "relu6", "mul", "div"]


@pytest.mark.parametrize(
    "module",
    [OtherDivisor(), AlsoRead(), OfAnother(), AlsoReturned(), Clamped(-1, 1)],
    ids=lambda module: type(module).__name__,
)
def test_what_only_looks_like_it_stays_as_it_is(module):
    assert "hardswish" not in names(module, "tflite")
