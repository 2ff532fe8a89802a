"""The choice of ranges and weights costs no more than the extremes, and less where something matters less."""

import pytest
import torch

from exporter.quantise.judged import LayerOnInputs, Shares, TensorOnInputs, judged_with
from exporter.quantise.qhyvit import choose
from exporter.quantise.sampled import Positions, Values
from exporter.quantise.scheme import Integers


def alone(values, weight, low=-1.0, high=1.0):
    """A tensor that no layer reads, whose extremes are given."""
    return TensorOnInputs(judged_with([low], [high]), [Values(values, weight)], {}, Integers())


@pytest.fixture
def spread():
    return torch.linspace(-0.5, 0.5, 512)


def test_a_range_is_narrowed_where_nothing_lies_beyond(spread):
    tensor = alone(spread, torch.ones(512))
    chosen = choose({"tensor": tensor}, {}, {}).shares["tensor"]
    assert chosen.low == pytest.approx(0.5, abs=0.05)
    assert chosen.high == pytest.approx(0.5, abs=0.05)
    assert tensor.own_cost(chosen) < tensor.own_cost(Shares())


def test_what_lies_beyond_keeps_its_range_if_it_matters_and_not_if_it_does_not(spread):
    values = torch.cat([spread, torch.ones(2)])
    found = {}
    for matters in (0.0, 1e4):
        weight = torch.cat([torch.ones(512), torch.full((2,), matters)])
        found[matters] = choose({"tensor": alone(values, weight)}, {}, {}).shares["tensor"].high
    assert found[0.0] < 0.6 < 0.9 < found[1e4]


def test_a_weight_is_clipped_where_nothing_is_multiplied_by_its_greatest():
    torch.manual_seed(0)
    weight = torch.rand(2, 32) * 0.1
    weight[0, 0] = 0.2
    columns = torch.randn(1, 32, 64)
    columns[0, 0] = 0
    layer = LayerOnInputs(weight, [Positions(columns, torch.ones(1, 2, 64))])
    tensor = TensorOnInputs(judged_with([-4.0], [4.0]), [], {"layer": layer}, Integers())
    chosen = choose({"tensor": tensor}, {"layer": layer}, {"layer": "tensor"})
    clipped, whole = chosen.weights["layer"][0].abs().amax(-1).tolist()
    assert clipped < 0.15
    assert whole == pytest.approx(float(weight[1].max()), rel=0.1)
    unclipped = layer.clipped(torch.ones(1, 2))
    assert tensor.cost(chosen.shares["tensor"], chosen.weights) <= tensor.cost(Shares(), {"layer": unclipped})
