"""Measurements come out of both databases as they went in, and nothing is ever overwritten."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from sqlalchemy import text

from latency_db import store
from latency_db.measurement import Device, Latency, Source, Subject
from latency_db.store import connection
from latency_db.store.location import location
from tests.latency_db.samples import BARE, FULL, KEY

OTHER = replace(
    FULL,
    device=Device("galaxy_s10", "Snapdragon 855"),
    subject=Subject.of_model("unet", "segment"),
    conditions=replace(
        FULL.conditions,
        runtime="onnx",
        unit="gpu",
        precision="fp16",
        runtime_version="1.22",
        delegate="",
        os="Android 13",
        threads=4,
        cores="4small",
        method="app",
    ),
    source=Source("reported", "VitBench 1.0"),
    quality="good",
)


@pytest.fixture
def opened(url):
    with store.open(url) as opened:
        yield opened


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def three(request, new_database):
    """Of which no test adds any more."""
    with store.open(new_database(request.param)) as opened:
        opened.add([FULL, BARE, OTHER])
        yield opened


def found(opened, **where):
    return [record.measurement for record in opened.measurements(**where)]


def test_measurements_come_out_as_they_went_in(opened):
    opened.add([FULL, BARE])
    assert found(opened) == [FULL, BARE]


def test_they_are_there_when_the_database_is_opened_again(opened, url):
    ids = opened.add([FULL, BARE])
    with store.open(url) as again:
        assert [record.id for record in again.measurements()] == ids


def test_what_is_missing_is_what_no_row_is_equal_to_corrected_ones_too(opened):
    opened.correct(opened.add([FULL])[0], BARE)
    later = replace(FULL, measured_at=FULL.measured_at + timedelta(seconds=1))
    assert opened.missing([OTHER, FULL, later, BARE, OTHER]) == [OTHER, later]


def test_a_record_says_when_it_was_added(opened):
    before = datetime.now(UTC)
    opened.add([FULL])
    (record,) = opened.measurements()
    assert before <= record.added_at <= datetime.now(UTC)


def test_times_are_kept_in_utc(opened):
    at = datetime(2026, 7, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    opened.add([replace(FULL, measured_at=at)])
    (measured,) = found(opened)
    assert (measured.measured_at, measured.measured_at.tzinfo) == (at, UTC)


def test_a_float64_of_numpy_is_a_float(opened):
    opened.add([replace(FULL, latency=Latency(p50=np.float64(0.1)))])
    assert found(opened)[0].latency == Latency(p50=0.1)


def test_ids_rise(opened):
    first = opened.add([FULL] * 3)
    assert first + opened.add([BARE]) == [1, 2, 3, 4]


def test_nothing_added_is_nothing_found(opened):
    assert opened.add([]) == []
    assert found(opened) == []


def test_more_than_a_statement_takes_can_be_added(opened):
    models = [replace(FULL, subject=Subject.of_model(f"model_{number}")) for number in range(501)]
    many = [models[number % 501] for number in range(5_001)]
    assert opened.add(many) == list(range(1, 5_002))
    assert found(opened) == many


def test_of_measurements_of_which_one_is_refused_none_is_added(opened):
    def measured():
        yield FULL
        yield replace(FULL, latency=Latency(p50=-1.0))

    with pytest.raises(ValueError, match="p50"):
        opened.add(measured())
    assert found(opened) == []


def test_what_the_database_refuses_leaves_nothing(opened, url):
    engine = connection.engine_of(location(url))
    with engine.begin() as others:
        others.execute(text("ALTER TABLE measurements RENAME COLUMN note TO remark"))
    with pytest.raises(store.StoreError, match=r"cannot be used \(.*note"):
        opened.add([FULL])
    with engine.begin() as others:
        assert others.execute(text("SELECT count(*) FROM devices")).scalar() == 0
    engine.dispose()


@pytest.mark.parametrize(
    "where",
    [
        {"device": "iphone15_pro_max"},
        {"soc": "Exynos 9820"},
        {"subject": FULL.subject},
        {"kind": "kernel"},
        {"name": "conv"},
        {"name": "efficienttam_s", "kind": "model"},
        {"runtime": "tflite"},
        {"runtime_version": "2.10"},
        {"delegate": "xnnpack"},
        {"os": "Android 12"},
        {"unit": "cpu"},
        {"precision": "fp32"},
        {"threads": 2},
        {"cores": "1large1med"},
        {"method": "benchmark_model"},
        {"quality": "drifting"},
        {"source": FULL.source},
        {"source_kind": "published"},
        {"device": "galaxy_s10", "source_kind": "measured"},
    ],
    ids=lambda where: "+".join(where),
)
def test_what_is_asked_for_is_found_and_nothing_else(three, where):
    (measured,) = found(three, **where)
    assert measured in (FULL, BARE)


def test_a_source_and_a_kind_of_sources_must_both_agree(three):
    others = {"published": "measured", "measured": "published", "reported": "published"}[FULL.source.kind]
    assert found(three, source=FULL.source, source_kind=FULL.source.kind) == [FULL]
    for where in ({"source": FULL.source, "source_kind": others}, {"source_kind": others, "source": FULL.source}):
        assert found(three, **where) == []
        assert three.pages.newest(9, **where) == []


def test_a_word_that_no_measurement_can_have_is_refused(three):
    with pytest.raises(ValueError, match="runtime 'tensorflow' is not known"):
        found(three, runtime="tensorflow")


def test_a_correction_is_found_in_the_place_of_what_it_corrects(opened):
    wrong, _ = opened.add([FULL, BARE])
    right = opened.correct(wrong, OTHER)
    assert found(opened) == [BARE, OTHER]
    assert [record.corrects for record in opened.measurements()] == [None, wrong]
    assert right == 3


def test_what_was_corrected_is_still_there_for_who_asks(opened):
    (first,) = opened.add([FULL])
    second = opened.correct(first, BARE)
    third = opened.correct(second, OTHER)
    records = [(one.id, one.corrects, one.measurement) for one in opened.measurements(corrected=True)]
    assert records == [(first, None, FULL), (second, first, BARE), (third, second, OTHER)]
    assert found(opened) == [OTHER]


def test_a_measurement_is_corrected_once(opened):
    (wrong,) = opened.add([FULL])
    right = opened.correct(wrong, BARE)
    with pytest.raises(store.StoreError, match=f"corrected before, by {right}: correct that"):
        opened.correct(wrong, OTHER)
    assert found(opened, corrected=True) == [FULL, BARE]


def test_what_is_not_there_cannot_be_corrected(opened):
    with pytest.raises(store.StoreError, match="No measurement has the id 7"):
        opened.correct(7, FULL)


def test_a_reader_sees_one_moment_while_others_write(opened):
    opened.add([FULL])
    records = opened.measurements()
    first = next(records)
    opened.add([BARE])
    assert [first, *records] == [first]


def test_a_writer_waits_for_another(opened, url):
    """It does not fail, as SQLite's writers do by themselves."""
    engine = connection.engine_of(location(url))
    adding = threading.Thread(target=opened.add, args=([FULL],))
    with connection.writing(engine):
        adding.start()
        adding.join(0.3)
        assert adding.is_alive()
    adding.join()
    engine.dispose()
    assert found(opened) == [FULL]


def test_a_writer_that_waits_too_long_says_so(url, monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE_SECONDS", 0.1)
    engine = connection.engine_of(location(url))
    refused = pytest.raises(store.StoreError, match="has been written to by others for")
    with store.open(url) as opened, connection.writing(engine), refused:
        opened.add([FULL])
    engine.dispose()


def test_the_newest_come_in_pages_from_the_last_to_the_first(opened):
    ids = opened.add([FULL, BARE, OTHER, FULL])
    assert [row["id"] for row in opened.pages.newest(2)] == [ids[3], ids[2]]
    assert [row["id"] for row in opened.pages.newest(2, before=ids[2])] == [ids[1], ids[0]]
    assert [row["id"] for row in opened.pages.newest(9, device=FULL.device.id, unit="cpu")] == [ids[3], ids[0]]
    (last,) = opened.pages.newest(1)
    said = {"device": "galaxy_s10", "kind": "kernel", "subject": KEY, "source": "measured", "p50": 1.5, "unit": "cpu"}
    assert said.items() <= last.items()


@pytest.mark.parametrize("kernels", [4, 40])
def test_pages_of_several_subjects_are_in_the_same_order(opened, kernels):
    """Of few subjects the newest of each are found apart, and of many all are put in order."""
    subjects = [Subject("kernel", f"linear 1x{size}>1x{size} linear float32") for size in range(1, kernels + 1)]
    ids = opened.add([*(replace(FULL, subject=subject) for subject in subjects), *[FULL] * 3] * 2)
    linear = [id for place, id in enumerate(ids) if place % (kernels + 3) < kernels][::-1]

    def newest(limit, **where):
        return [row["id"] for row in opened.pages.newest(limit, name="linear", **where)]

    assert newest(99) == newest(99, device=FULL.device.id) == linear
    assert newest(3, before=linear[2]) == linear[3:6]
    assert newest(9, device="pixel8") == newest(9, unit="npu") == []


def taking(ms, **more):
    return replace(FULL, latency=Latency(p50=ms), quality="good", **more)


def believed(opened, *arguments):
    return [record.measurement.latency.ms for record in opened.of_devices.believable(FULL.device.id, 3, *arguments)]


def test_what_is_believable_is_the_middle_of_the_newest_of_the_best(opened):
    opened.add([taking(9.0), taking(3.0), taking(1.0), taking(2.0)])
    assert believed(opened) == [2.0]
    published = replace(taking(7.0), source=Source("published", "a paper", "CC0"))
    opened.add([replace(taking(8.0), quality="suspect"), replace(taking(8.0), quality="busy"), published])
    assert believed(opened) == [2.0]


def test_what_is_believable_is_of_each_subject_under_the_same_conditions_on_the_device(opened):
    others = replace(FULL.conditions, threads=None)
    opened.add([taking(1.0), taking(2.0, conditions=others), taking(3.0, device=Device("pixel8")), taking(4.0)])
    opened.add([taking(5.0, subject=OTHER.subject), taking(6.0, conditions=others)])
    assert believed(opened) == [1.0, 2.0, 5.0]
    assert believed(opened, [OTHER.subject]) == [5.0]
    assert believed(opened, []) == []


def test_subjects_since_a_row_are_those_that_were_added_or_corrected(opened):
    first, second, _ = opened.add([FULL, BARE, FULL])
    assert opened.of_devices.subjects_since(FULL.device.id, first) == {FULL.subject}
    assert opened.of_devices.last_id(BARE.device.id) == second
    corrected = opened.correct(first, replace(FULL, subject=OTHER.subject))
    assert opened.of_devices.last_id(FULL.device.id) == corrected
    assert opened.of_devices.subjects_since(FULL.device.id, corrected - 1) == {FULL.subject, OTHER.subject}
    assert opened.of_devices.last_id("pixel1") == 0


def test_devices_and_models_that_were_measured(opened):
    opened.add([FULL, BARE, FULL])
    assert sorted(opened.device_ids()) == ["galaxy_s10", "iphone15_pro_max"]
    assert opened.model_names() == ["efficienttam_s"]
