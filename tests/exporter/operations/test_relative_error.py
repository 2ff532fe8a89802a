"""The measure of every comparison."""

import numpy as np
import pytest

from exporter.operations.relative_error import relative_error, sqnr, value_range


def test_it_is_the_worst_difference_as_a_share_of_the_largest_value():
    expected = np.array([[1.0, -4.0], [2.0, 0.0]], np.float32)
    assert relative_error(expected + np.float32(0.5), expected) == 0.125
    assert relative_error(expected, expected) == 0


def test_differences_are_taken_in_double_precision():
    expected = np.array([2.0**24], np.float32)
    assert relative_error(np.array([2**24 + 1], np.int64), expected) == 2.0**-24


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_has_no_finite_error(value):
    assert not np.isfinite(relative_error(np.array([1.0, value]), np.array([1.0, 2.0])))


def test_zeros_have_the_least_normal_number_for_a_range():
    zeros = np.zeros(3, np.float32)
    assert value_range(zeros) == np.finfo(np.float32).tiny
    assert relative_error(zeros, zeros) == 0
    assert relative_error(zeros + np.float32(1e-3), zeros) > 1


def test_a_tenth_of_noise_is_twenty_decibels():
    assert sqnr(np.full(4, 0.9), np.ones(4)) == pytest.approx(20, abs=1e-4)
    assert sqnr(np.ones(4), np.ones(4)) == sqnr(np.zeros(4), np.zeros(4)) == float("inf")
