"""What is kept of a device says at any time what a new reading of the database would."""

import random
from dataclasses import replace
from itertools import product

import pytest

from latency_db import store
from latency_db.kernel import Kernel
from latency_db.measurement import Conditions, Latency, Subject
from latency_db.service.estimates import Estimates
from latency_db.service.rows_of_devices import RUNS, RowsOfDevices
from latency_db.store.errors import TakesLonger
from tests.latency_db.samples import FULL

DEVICE = FULL.device.id
KERNEL = Kernel.of_key("linear 1x49x448>1x49x1792 linear float32")
REPORTED = replace(FULL, source=replace(FULL.source, kind="reported"), quality=None)


@pytest.fixture
def opened(tmp_path):
    with store.open(f"sqlite:///{tmp_path}/latency.sqlite3") as opened:
        yield opened


def taking(ms, **more):
    return replace(REPORTED, latency=Latency(p50=ms), **more)


def times(rows):
    return [row.latency.ms for row in rows.of(DEVICE).all()]


def test_of_the_newest_the_middle_one_counts(opened):
    rows = RowsOfDevices(opened)
    assert times(rows) == []
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


def test_graphs_bear_on_their_own_model_alone_and_kernels_and_whole_models_on_all(opened):
    rows, runtime = RowsOfDevices(opened), FULL.conditions.runtime

    def versions():
        known = rows.of(DEVICE)
        return [known.of(runtime, names).version for names in (["m"], ["another"], [])]

    def added(subject):
        before = versions()
        opened.add([taking(3, subject=subject)] * 3)
        return [now != then for now, then in zip(versions(), before, strict=True)]

    for subject in (Subject.of_model("other"), Subject.of_kernel(KERNEL)):
        assert added(subject) == [True, True, True]
    assert added(Subject.of_graph("m", "classify")) == [True, False, False]
    assert rows.of(DEVICE).of("coreml", ["m"]).rows() == []


def test_with_how_many_threads_most_was_run_bears_on_all(opened):
    rows, runtime = RowsOfDevices(opened), FULL.conditions.runtime
    graphs = [Subject.of_graph("m", f"graph{number}") for number in range(3)]
    one, two = (replace(FULL.conditions, threads=threads) for threads in (1, 2))
    opened.add([taking(1, subject=graphs[0], conditions=one)])
    before = rows.of(DEVICE)
    opened.add([taking(1, subject=graph, conditions=two) for graph in graphs])
    after = rows.of(DEVICE)
    assert after.of(runtime, ["another"]).version != before.of(runtime, ["another"]).version
    assert after.without(runtime, ["m"]).version == before.without(runtime, ["m"]).version
    assert after.without(runtime, ["m"]).rows() == []


def test_whatever_is_added_what_is_kept_is_what_a_new_reading_says(opened):
    rows, choice = RowsOfDevices(opened), random.Random(0)
    subjects = [Subject.of_graph(model, f"graph{number}") for number in range(2) for model in ("m", "n")]
    subjects += [Subject.of_model("m"), Subject.of_kernel(KERNEL)]
    ids, before = [], {}
    for _ in range(80):
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
        kept, anew = rows.of(DEVICE), RowsOfDevices(opened).of(DEVICE)
        assert kept.all() == anew.all()
        for asked in product(("tflite", "onnx", "coreml"), ((), ("m",), ("n", "m"))):
            rests_on = kept.of(*asked)
            assert rests_on.rows() == anew.of(*asked).rows()
            own = {row for row in rests_on.rows() if row.subject.kind != "graph" or row.subject.name in asked[1]}
            if asked in before and own != before[asked][0]:
                assert rests_on.version != before[asked][1]
            before[asked] = own, rests_on.version


def test_what_is_estimated_does_not_depend_on_when_rows_came_to_be_known(opened):
    """Ways in which as many rows ran since the same moment are told apart in one order."""
    had = replace(FULL.conditions, runtime="tflite", unit="cpu", precision="fp32", cores="", threads=1)
    device, kept = replace(FULL.device, id="pixel7"), Estimates(RowsOfDevices(opened))
    asked = "mobilevit_xs", 256, "pixel7", Conditions("tflite", None, None)
    answers = []
    for model, threads in (("zz", 1), ("aa", 4), ("zy", 1), ("zx", 4), ("ab", 2), ("ac", 2)):
        ran = replace(had, threads=threads, runtime_version="", os="")
        graph = Subject.of_graph(model, "classify")
        opened.add([taking(9, device=device, subject=graph, conditions=ran, measured_at=None)])
        anew = Estimates(RowsOfDevices(opened))
        answers.append(kept.of(*asked, kept.known("pixel7")).estimate)
        assert answers[-1] == anew.of(*asked, anew.known("pixel7")).estimate
    assert len({answer.conditions.threads for answer in answers}) > 1


def test_a_model_is_left_out_under_all_of_its_names(opened):
    had = replace(FULL.conditions, runtime="tflite", unit="cpu", precision="fp32", cores="", threads=4)
    device, estimates = replace(FULL.device, id="pixel7"), Estimates(RowsOfDevices(opened))
    rows = [
        taking(100.0, device=device, subject=subject, conditions=had)
        for subject in (
            Subject.of_model("efficienttam_s", image_size=(512, 512)),
            Subject.of_graph("efficienttam_s_512x512", "encode_image", (512, 512)),
            Subject.of_graph("efficienttam_s_512x512", "track_step", (512, 512)),
        )
    ]
    before = estimates.without(rows[0], estimates.known("pixel7"))
    opened.add(rows)
    after = estimates.without(rows[0], estimates.known("pixel7"))
    assert before is not None
    assert after == before
    assert after.method != "measured"


def test_of_a_device_that_was_not_read_nothing_is_kept(opened):
    estimates = Estimates(RowsOfDevices(opened))
    kept = estimates.at_once()
    assert kept.known(DEVICE).all() == []
    opened.add([taking(1)])
    with pytest.raises(TakesLonger):
        kept.known(DEVICE)
    assert estimates.known(DEVICE) == kept.known(DEVICE)
    opened.add([taking(2)])
    assert kept.known(DEVICE).all() == estimates.known(DEVICE).all()


def test_at_once_no_more_is_read_than_a_moment_allows(opened):
    opened.add([taking(1)])
    estimates = Estimates(RowsOfDevices(opened))
    estimates.known(DEVICE)
    opened.add([taking(2)] * 60_000)
    with pytest.raises(TakesLonger):
        estimates.at_once().known(DEVICE)
    assert estimates.known(DEVICE) == estimates.at_once().known(DEVICE)
