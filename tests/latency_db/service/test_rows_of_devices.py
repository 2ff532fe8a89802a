"""What is kept of a device says at any time what a new reading of the database would."""

import random
from dataclasses import replace

import pytest

from latency_db import store
from latency_db.measurement import Latency, Subject
from latency_db.service.rows_of_devices import NO_ROWS, RUNS, RowsOfDevices
from tests.latency_db.samples import FULL

DEVICE = FULL.device.id
REPORTED = replace(FULL, source=replace(FULL.source, kind="reported"), quality=None)


@pytest.fixture
def opened(tmp_path):
    with store.open(f"sqlite:///{tmp_path}/latency.sqlite3") as opened:
        yield opened


def taking(ms, **more):
    return replace(REPORTED, latency=Latency(p50=ms), **more)


def times(rows):
    return [row.latency.ms for row in rows.of(DEVICE).rows]


def test_of_the_newest_the_middle_one_counts(opened):
    rows = RowsOfDevices(opened)
    assert rows.of(DEVICE) == NO_ROWS
    opened.add([taking(ms) for ms in (50, 1, 2, 3, 9, 8)])
    assert times(rows) == [3] == times(RowsOfDevices(opened))
    opened.add([taking(7)])
    assert times(rows) == [7] == times(RowsOfDevices(opened))


def test_better_rows_take_the_place_of_worse_ones_and_suspect_ones_have_none(opened):
    rows = RowsOfDevices(opened)
    opened.add([taking(1, quality="busy"), taking(2, quality="busy")])
    assert times(rows) == [1]
    opened.add([taking(5, quality="good"), taking(6, quality="busy"), taking(70, quality="suspect")])
    assert times(rows) == [5] == times(RowsOfDevices(opened))


def test_a_row_that_is_corrected_gives_way_to_those_before_it(opened):
    rows = RowsOfDevices(opened)
    ids = opened.add([taking(ms) for ms in range(1, RUNS + 2)])
    assert times(rows) == [4]
    opened.correct(ids[-1], taking(60, quality="suspect"))
    assert times(rows) == [3] == times(RowsOfDevices(opened))


def test_whatever_is_added_what_is_kept_is_what_a_new_reading_says(opened):
    rows, choice = RowsOfDevices(opened), random.Random(0)
    subjects = [Subject.of_graph("m", f"graph{number}") for number in range(3)]
    ids, before = [], {}
    for _ in range(60):
        row = taking(
            choice.randint(1, 99),
            subject=choice.choice(subjects),
            quality=choice.choice([None, "good", "suspect"]),
            conditions=replace(FULL.conditions, runtime=choice.choice(["tflite", "onnx"])),
        )
        if ids and choice.random() < 0.3:
            ids.append(opened.correct(ids.pop(choice.randrange(len(ids))), row))
        else:
            ids += opened.add([row])
        for runtime in (None, "tflite", "onnx", "coreml"):
            kept, anew = rows.of(DEVICE, runtime), RowsOfDevices(opened).of(DEVICE, runtime)
            assert kept.rows == anew.rows
            if kept.rows != before.get(runtime, NO_ROWS).rows:
                assert kept.version != before.get(runtime, NO_ROWS).version
            before[runtime] = kept
