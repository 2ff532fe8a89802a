"""Times in turns, and what they are worth."""

from itertools import pairwise
from time import perf_counter, sleep

import pytest

from exporter.bench.timing.turns import FEWEST_SAMPLES, MOST_SAMPLES, Samples, time_in_turns


def wait(seconds):
    end = perf_counter() + seconds
    while perf_counter() < end:
        pass


def test_a_time_is_that_of_one_run():
    (taken,) = time_in_turns([lambda: wait(0.002)], seconds=0.05)
    assert min(taken.ms) == pytest.approx(2, rel=0.2)
    assert (taken.block, taken.latency.warmup) == (1, 3)
    assert taken.latency.p50 <= taken.latency.p90 <= taken.latency.p99


def test_what_is_short_runs_in_blocks_that_the_clock_can_tell():
    calls = []
    (taken,) = time_in_turns([lambda: calls.append(1)], seconds=0.01)
    assert taken.block > 1
    assert taken.latency.n == taken.block * len(taken.ms) == len(calls) - 3
    assert len(taken.ms) <= MOST_SAMPLES


def test_blocks_do_not_say_how_single_runs_vary():
    latency = Samples((1.0, 2.0, 3.0), block=10).latency
    assert (latency.p50, latency.mean, latency.n) == (2, 2, 30)
    assert (latency.p90, latency.p99, latency.std) == (None, None, None)


def test_each_has_its_turn_before_any_has_the_next():
    turns = []
    calls = [lambda name=name: turns.append(name) or wait(0.001) for name in "abc"]
    taken = time_in_turns(calls, seconds=0.02)
    after_warmup = turns[9:]
    assert set(after_warmup[:3]) == {"a", "b", "c"}
    assert not any(first == second for first, second in pairwise(after_warmup[: 3 * min(len(one.ms) for one in taken)]))


def test_the_slow_one_has_few_runs_spread_over_all_the_time():
    turns = []
    slow, quick = time_in_turns(
        [lambda: turns.append("slow") or sleep(0.01), lambda: turns.append("quick") or sleep(0.001)], seconds=0.06
    )
    assert FEWEST_SAMPLES <= len(slow.ms) < len(quick.ms)
    places = [place for place, name in enumerate(turns) if name == "slow"]
    assert places[-1] > len(turns) * 0.7


def test_percentiles_are_those_of_the_samples():
    latency = Samples(tuple(float(ms) for ms in range(1, 102)), block=1).latency
    assert (latency.p50, latency.p90, latency.p99, latency.mean, latency.n) == (51, 91, 100, 51, 101)
