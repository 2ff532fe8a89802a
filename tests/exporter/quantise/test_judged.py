"""A choice is judged by what its errors do, with ranges that leave room or lack it, and that have zero in them."""

import pytest
import torch

from exporter.quantise.judged import LayerOnInputs, Shares, TensorOnInputs, halved_counts, halves, judged_with
from exporter.quantise.observed import Range
from exporter.quantise.sampled import Positions, Values
from exporter.quantise.scheme import Integers


def test_inputs_are_judged_with_less_and_with_more_than_the_greatest_seen():
    weaker, stronger = judged_with([-3.0, -1.0, 0.0], [1.0, 8.0, 2.0])
    assert weaker.high < 8.0 < stronger.high
    assert weaker.high * stronger.high == pytest.approx(8.0**2)
    assert stronger.low < -3.0 < weaker.low
    assert weaker.low * stronger.low == pytest.approx(3.0**2)


def test_zero_is_in_the_range_of_a_tensor_that_is_all_negative_or_all_positive():
    assert [range.high for range in judged_with([-9.0, -7.0], [-8.0, -5.0])] == [0, 0]
    assert [range.low for range in judged_with([8.0, 5.0], [9.0, 7.0])] == [0, 0]


@pytest.mark.parametrize("extremes", [[3.0], [3.0, 3.0, 3.0]], ids=["single", "alike"])
def test_inputs_that_do_not_differ_leave_no_margin(extremes):
    assert judged_with(extremes, extremes) == (Range(0, 3.0), Range(0, 3.0))


def test_halves_are_every_other_place_and_count_twice():
    assert halves([torch.arange(4.0), torch.arange(4.0) + 10]).tolist() == [[0, 2], [10, 12], [1, 3], [11, 13]]
    assert halved_counts([torch.ones(4)]).tolist() == [[2, 2], [2, 2]]


def test_what_cannot_be_halved_is_taken_twice():
    assert halves([torch.arange(3.0)]).tolist() == [[0, 1, 2], [0, 1, 2]]
    assert halved_counts([torch.ones(3)]).tolist() == [[1, 1, 1], [1, 1, 1]]


@pytest.fixture
def layer():
    """One of two groups of two output channels, with weights that eight bits cannot hold."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(4, 3, generator=generator)
    positions = Positions(torch.randn(2, 3, 6, generator=generator), torch.ones(2, 2, 6))
    return LayerOnInputs(weight, [positions])


def test_the_cost_of_a_layer_is_half_of_its_squared_error_times_what_it_counts(layer):
    weight = layer.clipped(torch.ones(2, 2))
    errors = layer.errors(layer.columns, weight)
    assert torch.allclose(errors, (weight - layer.weight) @ layer.columns, atol=1e-6)
    cost = layer.cost(errors)
    assert cost.shape == (2, 2)
    # Of the six positions each half has three, which stand for two each.
    assert torch.allclose(cost, errors.square().sum((0, 3)) * 2 / 2 / 2)


def test_a_layer_that_is_given_what_it_is_judged_on_costs_nothing(layer):
    assert float(layer.cost(layer.errors(layer.columns, layer.weight)).sum()) == 0


def test_weights_are_clipped_to_shares_of_their_own_channels_greatest(layer):
    found = layer.clipped(torch.tensor([[1.0, 0.5], [0.5, 1.0]])).abs().amax(-1)
    assert torch.allclose(found, layer.weight.abs().amax(-1) * torch.tensor([[1.0, 0.5], [0.5, 1.0]]))


def test_a_tensor_costs_at_itself_and_at_the_layers_that_read_it(layer):
    ends = judged_with([-4.0], [4.0])
    values = Values(torch.linspace(-3, 3, 64), torch.ones(64))
    weights = {"layer": layer.clipped(torch.ones(2, 2))}
    own = TensorOnInputs(ends, [values], {}, Integers())
    read = TensorOnInputs(ends, [], {"layer": layer}, Integers())
    both = TensorOnInputs(ends, [values], {"layer": layer}, Integers())
    assert own.own_cost(Shares()) > 0
    assert read.own_cost(Shares()) == 0
    total = own.cost(Shares(), {}) + read.cost(Shares(), weights)
    assert both.cost(Shares(), weights) == pytest.approx(total)


def test_shares_move_each_end_of_a_range():
    assert Shares(0.5, 2.0).of(Range(-4.0, 3.0)) == Range(-2.0, 6.0)
