"""A roofline that made the latencies is found again."""

import numpy as np
import pytest

pytest.importorskip("scipy")

from latency_db.fitting.roofline import fitted, held_out

TRUE = np.array([2.0, 0.5])


@pytest.fixture
def cell():
    features = np.random.default_rng(0).uniform(1, 100, (40, 2))
    return features, features @ TRUE


def test_coefficients_of_two_features_are_recovered(cell):
    assert np.allclose(fitted(*cell), TRUE, rtol=1e-6)


def test_one_throttled_row_moves_nothing(cell):
    features, milliseconds = cell
    milliseconds[3] *= 20
    assert np.allclose(fitted(features, milliseconds), TRUE, rtol=1e-3)


def test_no_coefficient_is_negative(cell):
    features, _ = cell
    assert (fitted(features, 1 / features[:, 0]) >= 0).all()


def test_a_group_is_estimated_without_its_own_rows(cell):
    features, milliseconds = cell
    groups = ["slow"] * 5 + ["fast"] * 35
    milliseconds[:5] *= 2
    residuals = held_out(features, milliseconds, np.ones(40, bool), groups)
    assert np.allclose(residuals[:5], np.log(2), atol=1e-6)


def test_a_row_that_is_not_usable_is_estimated_and_not_fitted(cell):
    features, milliseconds = cell
    usable = np.arange(40) >= 10
    milliseconds[:10] *= 2
    residuals = held_out(features, milliseconds, usable, [str(number % 4) for number in range(40)])
    assert np.allclose(residuals, np.where(usable, 0, np.log(2)), atol=1e-6)
