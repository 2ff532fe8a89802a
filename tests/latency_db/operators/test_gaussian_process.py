"""A process says what it would have predicted of a row without it, and follows a trend where it knows nothing."""

import numpy as np
import pytest

from latency_db.operators.gaussian_process import Hyperparameters, Regression, covariance

BELIEF = Hyperparameters(np.array([1.0, np.inf]), np.array([0.5, 0.5]), amplitude=0.4, noise=0.05)


@pytest.fixture
def regression():
    drawn = np.random.default_rng(0)
    inputs = drawn.normal(size=(40, 2))
    return Regression(inputs, inputs @ [0.3, -0.2] + np.sin(inputs[:, 0]) / 5, BELIEF)


def test_a_measurement_is_returned_to_within_its_noise(regression):
    mean, deviation = regression.predict(regression.inputs)
    assert np.abs(mean - regression.targets).max() < 2 * BELIEF.noise
    assert np.all(deviation >= BELIEF.noise)


def test_what_is_left_out_is_what_a_regression_without_it_predicts(regression):
    groups = [row // 4 for row in range(40)]
    residuals, deviations = regression.left_out(groups)
    others = slice(4, None)
    without = Regression(regression.inputs[others], regression.targets[others], BELIEF)
    mean, deviation = without.predict(regression.inputs[:4])
    assert residuals[:4] == pytest.approx(regression.targets[:4] - mean, abs=1e-6)
    assert deviations[:4] == pytest.approx(deviation, rel=1e-6)


def test_far_away_only_the_trend_is_left_and_the_doubt_is_greater(regression):
    mean, deviation = regression.predict(np.array([[0.0, 0.0], [30.0, 0.0]]))
    assert mean[1] == pytest.approx(30 * 0.3, rel=0.3)
    assert deviation[1] > 2 * deviation[0]


def test_an_infinite_length_leaves_a_feature_out_of_the_process():
    apart = np.array([[0.0, 0.0], [0.0, 100.0]])
    level = Hyperparameters(BELIEF.lengths, np.zeros(2), BELIEF.amplitude, BELIEF.noise)
    among = covariance(apart, apart, level)
    assert among[0, 1] == pytest.approx(among[0, 0])


def test_the_belief_that_fits_has_the_greater_evidence(regression):
    wrong = Hyperparameters(BELIEF.lengths, BELIEF.slopes, amplitude=10.0, noise=3.0)
    assert regression.evidence > Regression(regression.inputs, regression.targets, wrong).evidence
