"""Ranges cover what was seen, and what they leave out they leave out for a reason."""

import numpy as np
import pytest

from exporter.quantise.observed import Observed, Range, affine, extremes, least_error, nearly_all, percentile, symmetric

RANDOM = np.random.default_rng(0)


def observed(*arrays):
    found = Observed()
    for values in arrays:
        found.add(np.asarray(values, np.float32))
    return found


def test_extremes_are_those_of_all_inputs_whatever_their_order():
    parts = [[-1.0, 2.0], [0.5, 7.0], [-3.0, 0.0]]
    assert extremes(observed(*parts)) == extremes(observed(*parts[::-1])) == Range(-3.0, 7.0)


def test_a_histogram_that_grows_has_counted_all():
    found = observed(RANDOM.normal(size=1000), 100 * RANDOM.normal(size=500), [0.0])
    assert found.counts.sum() == 1501
    assert found.most >= max(-found.low, found.high)


@pytest.mark.parametrize("reading", [extremes, percentile(1e-4), nearly_all])
def test_nothing_that_was_observed_is_no_range(reading):
    with pytest.raises(ValueError, match="there are no calibration inputs"):
        reading(Observed())


def test_a_percentile_leaves_out_what_is_rare():
    values = RANDOM.normal(size=100_000)
    values[0] = 1000.0
    low, high = percentile(1e-3)(observed(values))
    exact = np.quantile(values, [1e-3, 1 - 1e-3])
    assert (low, high) == pytest.approx(exact, abs=2 * 1000 / 2048)


def test_the_range_of_least_error_is_narrower_where_one_value_is_far_from_all_others():
    values = RANDOM.normal(size=100_000)
    values[0] = 12.0
    narrow, wide = least_error(4)(observed(values)), extremes(observed(values))
    assert narrow.high < wide.high

    def error(range):
        return float(np.square(affine(range, 4).rounded(values) - values).mean())

    assert error(narrow) < error(wide)


def test_at_eight_bits_values_without_outliers_keep_their_range():
    values = RANDOM.uniform(-1, 1, 10_000)
    assert least_error(8)(observed(values)) == pytest.approx(extremes(observed(values)))


@pytest.mark.parametrize(("low", "high"), [(3.0, 5.0), (-5.0, -3.0), (-1.0, 3.0), (0.0, 1.0), (-2.0, 0.0)])
def test_every_value_of_a_range_is_rounded_by_less_than_half_a_step(low, high):
    """All positive ones, too: a zero point beyond the integers would be cut off."""
    how = affine(Range(low, high))
    values = np.linspace(low, high, 10_001)
    assert -128 <= how.zero_point <= 127
    assert np.abs(how.rounded(values) - values).max() <= how.scale / 2 * (1 + 1e-6)
    assert how.rounded(np.zeros(1))[0] == 0


def test_a_channel_that_is_always_zero_has_a_scale():
    assert affine(extremes(observed([0.0, 0.0]))).scale > 0


def test_what_is_not_finite_has_no_range():
    with pytest.raises(ValueError, match="not finite"):
        observed([1.0, np.nan])


def test_symmetric_integers_have_no_zero_point_and_reach_as_far_below_as_above():
    how = symmetric(Range(-1.0, 12.7))
    assert how.zero_point == 0
    assert how.rounded(np.array([12.7, -12.7])) == pytest.approx([12.7, -12.7])
    assert symmetric(Range(0.0, 0.0)).scale > 0
