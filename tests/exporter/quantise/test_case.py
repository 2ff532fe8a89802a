"""A case has every tensor that is in integers, with the layers that read it, on inputs that are taken evenly."""

import pytest
import torch

from exporter.quantise.case import INPUTS, case_of, judged_inputs
from exporter.quantise.judged import Shares
from exporter.quantise.observed import Range
from exporter.quantise.scheme import Integers
from tests.exporter.quantise.small import Residual, Summed, graph, images, seeded


@pytest.fixture(scope="module")
def case():
    return case_of(graph(seeded(Residual), "features"), images(6), Integers())


def test_few_inputs_are_all_judged_and_many_evenly():
    assert judged_inputs(1) == [0]
    assert judged_inputs(INPUTS) == list(range(INPUTS))
    many = judged_inputs(10 * INPUTS)
    assert (many[0], many[-1], len(many)) == (0, 10 * INPUTS - 1, INPUTS)


def test_it_has_the_tensors_and_layers_of_the_program(case):
    assert list(case.tensors) == ["image", "conv2d", "add", "conv2d_1"]
    assert case.read_by == {"conv2d": "image", "conv2d_1": "add"}
    assert list(case.tensors["add"].layers) == ["conv2d_1"]
    assert case.given["conv2d"].weight.shape == (3, 3, 1, 1)


def test_extremes_are_those_of_all_inputs(case):
    values = [one["image"] for one in images(6)]
    assert case.extremes["image"] == Range(min(v.min() for v in values), max(v.max() for v in values))


def test_a_tensor_that_layers_alone_read_costs_at_their_results(case):
    assert case.tensors["add"].own_cost(Shares()) == 0
    assert case.tensors["image"].own_cost(Shares()) > 0


def test_what_a_runtime_has_not_in_integers_is_no_tensor_of_it():
    small = graph(seeded(Summed), "features")
    convolutions = ("aten.conv2d.default",)
    for kinds, tensors in ((Integers().kinds, ["image", "conv2d", "add"]), (convolutions, ["image", "conv2d"])):
        assert list(case_of(small, images(2), Integers(kinds)).tensors) == tensors


def test_weights_of_fewer_steps_are_rounded_more_coarsely():
    small = graph(seeded(Residual), "features")
    fine, coarse = (case_of(small, images(2), Integers(greatest_weight=most)).layers["conv2d"] for most in (127, 15))
    errors = [(one.clipped(torch.ones(1, 3)) - one.weight).norm() for one in (fine, coarse)]
    assert errors[1] > 3 * errors[0]


def test_weights_of_what_comes_last_have_all_steps_of_eight_bits():
    small = graph(seeded(Residual), "features")
    fine, coarse = (case_of(small, images(2), Integers(greatest_weight=most)).layers["conv2d_1"] for most in (127, 15))
    assert torch.equal(fine.clipped(torch.ones(3, 1)), coarse.clipped(torch.ones(3, 1)))


def test_symmetric_activations_are_rounded_alike_on_both_sides_of_zero():
    small = graph(seeded(Residual), "features")
    tensor = case_of(small, images(2), Integers(symmetric=True)).tensors["image"]
    values = torch.linspace(-2, 2, 64).expand(4, 64)
    assert torch.allclose(tensor.rounded(values, Shares()), -tensor.rounded(-values, Shares()))
