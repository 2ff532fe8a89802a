"""Fitting finds what makes the data likely, and the same each time."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import check_grad

from latency_db.fitting.kernel_hyperparameters import fit_table, hyperparameters, negative_evidence
from latency_db.operators.process import read_fitted, written
from latency_db.operators.table import read_table


@pytest.fixture
def data():
    drawn = np.random.default_rng(0)
    inputs = drawn.normal(size=(60, 2))
    return inputs, np.sin(2 * inputs[:, 0]) + drawn.normal(size=60) / 20


def test_the_gradient_is_that_of_the_evidence(data):
    at = np.array([0.3, 1.0, -0.5, -0.8, -2.0])
    value, gradient = (lambda x: negative_evidence(x, *data)[0]), (lambda x: negative_evidence(x, *data)[1])
    assert check_grad(value, gradient, at) < 1e-3 * np.linalg.norm(gradient(at))


def test_a_feature_that_changes_nothing_has_the_longer_length_and_noise_is_found(data):
    found = hyperparameters(*data)
    assert found.lengths[1] > 3 * found.lengths[0]
    assert found.noise == pytest.approx(0.05, rel=0.5)


@pytest.fixture(scope="module")
def small():
    table = read_table("tflite", "galaxy_a03s")
    return table.lines(np.array([row for row, kernel in enumerate(table.kernels) if kernel.kind == "pooling"]))


def test_each_class_is_fitted_and_read_back_as_it_was_written(small, tmp_path):
    fitted = fit_table(small)
    assert set(fitted) == {"pooling", "global_pooling"}
    (tmp_path / "tflite").mkdir()
    (tmp_path / "tflite/galaxy_a03s.json").write_text(written(fitted))
    read = read_fitted("tflite", "galaxy_a03s", tmp_path)
    assert read["pooling"].lengths == pytest.approx(fitted["pooling"].lengths, rel=1e-3)
    assert read["pooling"].quantile == pytest.approx(fitted["pooling"].quantile, rel=1e-3)


def test_slower_kernels_of_the_same_proportions_are_fitted_alike(small):
    slower = fit_table(replace(small, us=3 * small.us))
    assert slower["pooling"].noise == pytest.approx(fit_table(small)["pooling"].noise, rel=0.05)
