"""What a graph takes beside its kernels is found from graphs that were timed whole."""

import itertools

import numpy as np
import pytest

from latency_db.operators.calibration import GraphTimed, Priced, calibrated
from tests.latency_db.operators.measured_here import graph, softmax

HARD = 0.1


NAMES = itertools.count()


def timed(kernels, us, total, unseen=1.0, model=None):
    """A graph whose kernels, had nobody measured them, would be priced `unseen` times as high"""
    return GraphTimed(
        model or f"model{next(NAMES)}", total, Priced(kernels, us, HARD), Priced(kernels, unseen * us, HARD)
    )


def test_overheads_are_found_again():
    random = np.random.default_rng(0)
    made = [graph(random) for _ in range(20)]
    graphs = [timed(kernels, us, 1.2 * us.sum() + 30 + 0.5 * len(us)) for kernels, us in made]
    found = calibrated(graphs)
    for one in graphs:
        assert found.total(one.known) == pytest.approx(one.us, rel=0.08)
    assert found.factors["conv"] == pytest.approx(1.2, abs=0.2)
    assert found.half_width(HARD) < 0.1


def test_factors_stay_near_1_where_graphs_do_not_contradict_the_kernels():
    random = np.random.default_rng(1)
    graphs = [timed(kernels, us, us.sum()) for kernels, us in (graph(random) for _ in range(8))]
    assert calibrated(graphs).factors["conv"] == pytest.approx(1, abs=0.02)


def test_kernels_that_multiply_nothing_cost_what_they_move():
    """Timed alone they took twice to five times as long, and no price of theirs would do"""
    random = np.random.default_rng(7)
    moving = [softmax(side) for side in (16, 32, 48)]
    graphs = []
    for _ in range(20):
        kernels, us = graph(random)
        more = [moving[place] for place in random.integers(3, size=8)]
        megabytes = sum(kernel.bytes_read + kernel.bytes_written for kernel in more) / 1e6
        alone = np.concatenate([us, random.uniform(100, 300, 8)])
        graphs.append(timed([*kernels, *more], alone, us.sum() + 50 * megabytes))
    found = calibrated(graphs)
    assert found.rates == pytest.approx({"softmax": 50}, rel=0.05)
    for one in graphs:
        assert found.total(one.unseen) == pytest.approx(one.us, rel=0.03)
        assert found.of_kernels(one.known).sum() + found.whole["weights"] < 1.02 * one.us


def test_intervals_have_room_for_what_estimates_of_unmeasured_kernels_err_by():
    random = np.random.default_rng(1)
    off = np.exp(random.normal(0, 0.3, 60))  # so many that the fit itself is right, and what was measured adds up
    made = [(*graph(random), error) for error in off]
    certain = calibrated([timed(kernels, us, us.sum()) for kernels, us, _ in made])
    uncertain = calibrated([timed(kernels, us, us.sum(), unseen=error) for kernels, us, error in made])
    assert certain.half_width(HARD) < 0.05
    assert uncertain.half_width(HARD) > np.quantile(np.abs(np.log(off)), 0.8)


def test_what_estimates_err_by_in_one_direction_is_made_good():
    random = np.random.default_rng(5)
    graphs = [timed(kernels, us, us.sum(), unseen=0.8) for kernels, us in (graph(random) for _ in range(20))]
    found = calibrated(graphs)
    for one in graphs:
        assert found.total(one.unseen) == pytest.approx(one.us, rel=0.05)


def test_intervals_are_as_wide_as_a_graphs_difficulty():
    random = np.random.default_rng(3)
    graphs = [timed(*graph(random), 100.0 + number) for number in range(6)]
    found = calibrated(graphs)
    assert found.half_width(2 * HARD) == pytest.approx(2 * found.half_width(HARD))


def test_a_models_other_sizes_do_not_make_its_interval_narrow():
    random = np.random.default_rng(4)
    made = [(*graph(random), np.exp(random.normal(0, 0.3)), model) for model in "abcdefgh"]
    apart = [timed(kernels, us, off * us.sum()) for kernels, us, off, _ in made]
    thrice = [timed(kernels, us, off * us.sum(), model=model) for kernels, us, off, model in made for _ in range(3)]
    assert calibrated(thrice).half_width(HARD) == pytest.approx(calibrated(apart).half_width(HARD), rel=1e-6)


def test_a_few_graphs_are_not_enough():
    random = np.random.default_rng(2)
    with pytest.raises(ValueError, match="6 models or more"):
        calibrated([timed(*graph(random), 100.0) for _ in range(5)])
