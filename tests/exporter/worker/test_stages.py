"""Stages of a piece of work in forks: what each is given, and what runs beside what."""

import os
import threading
import time

import pytest

from exporter.worker.stages import Stage
from tests.exporter.worker.pieces_of_work import meets, pid, run

pytestmark = pytest.mark.usefixtures("signals")


@pytest.mark.parametrize("workers", [1, 2, 9])
def test_a_stage_is_given_the_results_of_those_it_builds_on_in_its_own_order(workers):
    stages = [
        Stage("two", lambda report: 2),
        Stage("three", lambda report: 3),
        Stage("power", lambda report, base, exponent: base**exponent, after=("three", "two")),
        Stage("sum", lambda report, power, two: power + two, after=("power", "two")),
    ]
    assert run(stages, workers) == {"two": 2, "three": 3, "power": 9, "sum": 11}


@pytest.mark.parametrize("workers", [1, 2])
def test_no_stages_have_no_results(workers):
    assert run([], workers) == {}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    "stages",
    [[Stage("b", pid, after=("a",)), Stage("a", pid)], [Stage("a", pid, after=("z",))], [Stage("a", pid)] * 2],
    ids=["listed before it", "unknown", "twice"],
)
def test_a_list_that_is_in_no_order_is_refused(stages, workers):
    with pytest.raises(ValueError, match="there twice, or listed before one"):
        run(stages, workers)


def test_stages_run_side_by_side(tmp_path):
    results = run([Stage("a", meets(tmp_path, "a", "b")), Stage("b", meets(tmp_path, "b", "a"))])
    assert len({*results.values(), os.getpid()}) == 3


def test_one_worker_runs_all_of_them_here_as_they_are_listed():
    order = []
    results = run([Stage(name, lambda report, name=name: order.append(name) or os.getpid()) for name in "cab"], 1)
    assert order == ["c", "a", "b"]
    assert set(results.values()) == {os.getpid()}


def test_a_stage_has_what_this_process_has_without_its_being_sent():
    lock = threading.Lock()  # it cannot be pickled
    assert run([Stage("a", lambda report: lock.locked()), Stage("b", pid)])["a"] is False


class Interval:
    """Work that takes a moment, and returns when."""

    def __call__(self, report, *given):
        begun = time.monotonic()
        time.sleep(0.05)
        return begun, time.monotonic()


def overlap(one, other):
    return one[0] < other[1] and other[0] < one[1]


def test_nothing_runs_beside_a_stage_that_is_timed():
    results = run(
        [
            Stage("first timed", Interval(), alone=True),
            *(Stage(f"{i}", Interval()) for i in range(3)),
            Stage("second timed", Interval(), alone=True),
        ],
        workers=3,
    )
    for timed in ("first timed", "second timed"):
        others = [interval for name, interval in results.items() if name != timed]
        assert not any(overlap(results[timed], other) for other in others)
    assert any(overlap(results["0"], results[name]) for name in "12")


def test_a_stage_may_build_on_one_that_is_timed():
    stages = [
        Stage("a", Interval()),
        Stage("timed", Interval(), after=("a",), alone=True),
        Stage("b", Interval(), after=("timed",)),
        Stage("timed again", Interval(), after=("b",), alone=True),
    ]
    intervals = list(run(stages).values())
    assert intervals == sorted(intervals)


def test_a_process_stays_with_a_group(tmp_path):
    names = ("a1", "b1", "b2", "a2")
    others = {"a1": "b1", "b1": "a1", "a2": "b2", "b2": "a2"}
    found = run([Stage(name, meets(tmp_path, name, others[name]), group=name[0]) for name in names])
    assert found["a1"] == found["a2"] != found["b1"] == found["b2"]


@pytest.mark.parametrize("alone", [False, True])
def test_of_idle_processes_the_one_of_the_group_takes_a_stage(tmp_path, alone):
    a, b = (Stage(one, meets(tmp_path, one, other), group=one) for one, other in ("ab", "ba"))
    later = [Stage(f"{one} again", pid, ("a", "b"), group=one, alone=alone) for one in "ba"]
    found = run([a, b, *later[:1]])
    assert found["b again"] == found["b"]
    found = run([a, b, later[1]])
    assert found["a again"] == found["a"]


def test_processes_spread_over_the_groups():
    begun = []
    run(
        [Stage(name, pid, group=name[0]) for name in ("a1", "a2", "b1")],
        progress=lambda what, share: begun.append(what),
    )
    assert begun[:2] == ["a1", "b1"]


def test_a_process_takes_a_stage_of_another_group_rather_than_none(tmp_path):
    a, b = Stage("a", meets(tmp_path, "a", "b"), group="same"), Stage("b", meets(tmp_path, "b", "a"), group="same")
    assert len(set(run([a, b]).values())) == 2


def test_the_beginning_of_the_longest_chain_comes_first():
    begun = []
    stages = [
        *(Stage(f"long {i}", pid, weight=4.0) for i in range(3)),
        Stage("reference", pid),
        Stage("step", pid, after=("reference",)),
        Stage("verify", pid, after=("step",), weight=3.0),
    ]
    run(stages, progress=lambda what, share: begun.append(what))
    assert begun[0] == "reference"


def test_a_long_chain_comes_before_more_of_the_same_group(tmp_path):
    stages = [
        Stage("a1", meets(tmp_path, "a", "b"), group="a"),
        Stage("b1", meets(tmp_path, "b", "a"), group="b"),
        *(Stage(f"a{i}", Interval(), ("a1", "b1"), group="a") for i in (2, 3)),
        Stage("c1", Interval(), ("a1", "b1"), group="c", weight=2.0),
    ]
    results = run(stages)
    assert results["c1"][0] < max(results["a2"][0], results["a3"][0])


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_goes_from_nothing_to_all_and_never_back(workers):
    def work(report, *given):
        for share in (0.0, 0.5, 0.25, 1.0, 1.5):
            report(f"at {share}", share)

    seen = []
    stages = [
        Stage("a", work, weight=3.0),
        Stage("b", work),
        Stage("c", work, after=("a",), weight=0.7),
        Stage("d", pid),
    ]
    run(stages, workers, lambda what, share: seen.append((what, share)))
    shares = [share for _, share in seen]
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert shares == sorted(shares)
    assert {"a", "b", "c", "a, at 0.5", "c, at 1.0"} <= {what for what, _ in seen}
    assert seen[0][0] in ("a", "b")
