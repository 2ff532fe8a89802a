"""What a choice is judged with: the range of other inputs, with zero in it."""

import pytest
import torch

from exporter.quantise.judged import judged_with


def test_an_input_is_judged_with_the_extreme_of_the_others():
    lower, higher = judged_with([1.0, 8.0, 2.0], "high", [1]).tolist()
    assert lower < 2.0 < higher
    assert lower * higher == pytest.approx(2.0**2)


def test_zero_is_in_the_range_of_a_tensor_that_is_all_negative_on_one_input():
    found = judged_with([8.0, 5.0, -10.0], "high", [0, 1])
    assert (found > 0).all()
    assert judged_with([-8.0, 5.0, 10.0], "low", [1]).max() < 0


def test_a_single_input_is_judged_with_its_own():
    assert judged_with([3.0], "high", [0]).tolist() == [3.0, 3.0]


def test_inputs_that_are_alike_leave_no_margin():
    assert torch.allclose(judged_with([2.0, 2.0, 2.0], "high", [0]), torch.tensor([2.0, 2.0]))
