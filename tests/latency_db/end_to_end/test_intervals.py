"""Intervals hold nine of ten, and are wider for graphs unlike any that was measured."""

import numpy as np

from latency_db.coverage import quantile
from latency_db.end_to_end.intervals import composition, difficulty

KNOWN = np.array([[1.0, 1.0], [1.0, 2.0], [2.0, 1.0], [1.0, 1.5]])
RESIDUALS = np.array([0.05, -0.02, 0.03, 0.04])


def test_compositions_do_not_depend_on_how_large_a_graph_is():
    assert np.allclose(composition(KNOWN, KNOWN), composition(7 * KNOWN, KNOWN))
    assert np.allclose(composition(KNOWN, KNOWN).sum(1), 1)


def test_a_graph_unlike_all_known_ones_is_harder():
    known = composition(KNOWN, KNOWN)
    alike, unlike = difficulty(composition(np.array([[1.0, 1.2], [0.0, 1.0]]), KNOWN), known, RESIDUALS)
    assert unlike > 1.3 * alike


def test_what_must_not_be_looked_at_says_nothing_about_a_graph():
    known = composition(np.vstack([KNOWN, KNOWN]), KNOWN)
    residuals = np.concatenate([RESIDUALS, RESIDUALS * 10])
    hidden = np.array([[False] * 4 + [True] * 4])
    asked = known[:1]
    assert difficulty(asked, known, residuals, hidden) < difficulty(asked, known, residuals, ~hidden)


def test_nine_of_ten_residuals_are_under_the_quantile():
    chance = np.random.default_rng(0)
    hard = chance.uniform(0.01, 0.2, 5000)
    residuals = chance.normal(0, hard)
    assert abs(np.mean(np.abs(residuals) <= quantile(np.abs(residuals) / hard) * hard) - 0.9) < 0.002
