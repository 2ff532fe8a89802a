"""How large the values of a program can become."""

import pytest
import torch
import torch.nn.functional as F

from exporter.lint.bounds import bounds
from exporter.manifest import TensorSpec
from exporter.operations.of_program import operations

IMAGE = TensorSpec(
    name="x", shape=(1, 3, 4, 4), dtype="float32", layout="NCHW", value_range=(0, 255), kind="image", meaning="RGB"
)


class Computed(torch.nn.Module):
    def __init__(self, compute):
        super().__init__()
        self.compute = compute

    def forward(self, x):
        return self.compute(x)


def bounds_of(compute, *inputs: TensorSpec) -> tuple[float, float]:
    """Of the result of `compute`, whose input is a picture."""
    program = torch.export.export(Computed(compute).eval(), (), {"x": torch.zeros(IMAGE.shape)})
    calls = list(operations(program))
    found = bounds(calls, inputs or (IMAGE,))[calls[-1].outputs[0].name]
    return found.low, found.high


@pytest.mark.parametrize(
    ("compute", "expected"),
    [
        (lambda x: 2**x, (-float("inf"), float("inf"))),
        (lambda x: x - x.amax(1, keepdim=False).reshape(1, 1, 4, 4), (-255, 255)),
        (lambda x: (x * 2).exp().square(), (0, float("inf"))),
        (lambda x: x / x, (-float("inf"), float("inf"))),
        (lambda x: x / -51, (-5, 0)),
        (lambda x: x * 2 - 5, (-5, 505)),
        (lambda x: (x - 255).relu() + 1, (1, 1)),
        (lambda x: -x.abs(), (-255, 0)),
        (lambda x: x.clamp(3, 7).reshape(3, 16), (3, 7)),
        (lambda x: x.sigmoid() - x.tanh(), (-1, 2)),
        (lambda x: x.softmax(-1).square(), (0, 1)),
        (lambda x: x - x.amax(1, keepdim=True), (-255, 0)),
        (lambda x: F.pad(x.clamp(3, 7), (1, 1)), (0, 7)),
        (lambda x: torch.cat([x.sigmoid(), x.tanh()]), (-1, 1)),
        (lambda x: F.layer_norm(x, (4,)), (-2, 2)),
        (lambda x: F.gelu(x - 300), (-0.17, 0)),
    ],
)
def test_operators_that_bound_what_they_compute(compute, expected):
    assert bounds_of(compute) == pytest.approx(expected)


def test_constant_weights_keep_a_bound():
    layer = torch.nn.Conv2d(3, 2, 1)
    low, high = bounds_of(layer)
    most = float(255 * layer.weight.abs().sum((1, 2, 3)).max() + layer.bias.abs().max())
    assert (low, high) == pytest.approx((-most, most))


def test_a_bound_holds_for_what_is_computed():
    layer = torch.nn.Conv2d(3, 2, 3, padding=1)
    low, high = bounds_of(layer)
    with torch.no_grad():
        result = layer(torch.rand(1, 3, 4, 4) * 255)
    assert low <= result.min()
    assert result.max() <= high


def test_an_input_without_a_range_has_no_bound():
    unknown = IMAGE.model_copy(update={"value_range": None})
    assert bounds_of(lambda x: x + 1, unknown) == (-float("inf"), float("inf"))
