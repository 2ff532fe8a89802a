"""A sweep stores what it times, and goes on where it was stopped."""

from dataclasses import replace
from time import monotonic

import pytest

from exporter.bench.host.session import Session
from exporter.bench.host.sweep import order, sweep
from latency_db import store
from latency_db.measurement import Subject
from tests.exporter.bench.host.kernels_here import IMPOSSIBLE, KERNELS, kernels_of
from tests.latency_db.samples import FULL

SECONDS = 0.01


@pytest.fixture
def opened(tmp_path):
    with store.open(f"sqlite:///{tmp_path}/latency.sqlite3") as opened:
        yield opened


def test_a_sweep_is_stored_and_what_is_stored_is_not_timed_again(tmp_path, opened):
    said = []
    session = Session(opened, "onnx", 1, lambda what, share: said.append((what, share)))

    def swept(wanted):
        return sweep(session, kernels_of(wanted, tmp_path), monotonic() + 60, SECONDS)

    first = swept(KERNELS[:2])
    rows = [record.measurement for record in opened.measurements(kind="kernel")]
    assert (first.timed, first.known, first.left) == (2, 0, 0)
    assert {row.subject for row in rows} == {Subject.of_kernel(kernel) for kernel in KERNELS[:2]}
    assert all(row.device.id == "host" and row.conditions.threads == 1 and row.quality for row in rows)
    assert all(1e-4 < row.latency.p50 < 5 and "commit" in row.source.reference for row in rows)

    doubtful = sum(row.quality == "busy" for row in rows)
    second = swept([*KERNELS, IMPOSSIBLE])
    assert (second.timed, second.known, second.impossible) == (1 + doubtful, 2, 1)
    assert said[0] == ("onnx: 0 of 2 kernels, 1 min left", 0)


def test_only_planned_kernels_are_known(tmp_path, opened):
    session = Session(opened, "onnx", 1)
    sweep(session, kernels_of(KERNELS[:2], tmp_path), monotonic() + 60, SECONDS)
    assert sweep(session, kernels_of(KERNELS[1:], tmp_path), monotonic(), SECONDS).known == 1


def test_no_time_leaves_all_for_the_next(tmp_path, opened):
    found = sweep(Session(opened, "onnx", 1), kernels_of(KERNELS, tmp_path), monotonic())
    assert (found.timed, found.left) == (0, 3)


def test_new_kernels_come_first_busy_ones_then_and_those_that_failed_last():
    first, second, third = KERNELS
    busy, good = (replace(FULL, quality=quality) for quality in ("busy", "good"))
    refused = {IMPOSSIBLE.key}
    had = {Subject.of_kernel(first): busy, Subject.of_kernel(second): good}
    assert order([IMPOSSIBLE, first, second, third], had, refused) == [third, first, IMPOSSIBLE]


def test_what_failed_is_remembered_without_its_artefacts(tmp_path, opened):
    first = kernels_of([IMPOSSIBLE], tmp_path)
    sweep(Session(opened, "onnx", 1), first, monotonic() + 60, SECONDS)
    assert first.refusals.keys == {IMPOSSIBLE.key}
    with first.refusals.file.open("a") as file:
        file.write('{"key": "cut sho')
    assert kernels_of([], tmp_path).refusals.keys == {IMPOSSIBLE.key}


def test_an_interrupt_that_a_toolchain_made_a_failure_of_is_no_refusal(tmp_path, opened):
    def interrupted(what, share):
        if share == 1:
            raise KeyboardInterrupt

    kernels = kernels_of([IMPOSSIBLE], tmp_path)
    with pytest.raises(KeyboardInterrupt):
        sweep(Session(opened, "onnx", 1, interrupted), kernels, monotonic() + 60, SECONDS)
    assert kernels.refusals.keys == set()
