"""What the user has measured of a device goes into the answers."""

from dataclasses import replace

import pytest

import device_profiles
from exporter.bench.host import device as host
from exporter.latency.own_figures import OwnFigures, own_figures
from exporter.latency.question import answer, question
from latency_db import store
from latency_db.measurement import Conditions, Device, Latency, Measurement, Source, Subject

ON_PIXEL = Measurement(
    Device("pixel8"),
    Subject.of_model("mobilevit_s", "classify", (256, 256)),
    Conditions("tflite", "cpu", "fp32", threads=4, cores="4small"),
    Latency(p50=90.0, n=50),
    Source("measured", "a test"),
)


@pytest.fixture(autouse=True)
def data(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def add(*measurements):
    with store.open() as opened:
        opened.add(measurements)


def test_nothing_is_made_where_there_is_no_database(tmp_path):
    assert own_figures(device_profiles.load("pixel8")) == OwnFigures()
    assert list(tmp_path.iterdir()) == []


def test_rows_are_those_of_the_device_and_runtime():
    add(ON_PIXEL, replace(ON_PIXEL, device=Device("pixel7")))
    assert own_figures(device_profiles.load("pixel8"), "tflite").measured == (ON_PIXEL,)
    assert own_figures(device_profiles.load("pixel8"), "onnx").measured == ()
    assert len(own_figures().measured) == 2


def test_of_the_host_only_this_machines_rows_count():
    mine, others = (replace(ON_PIXEL, device=one) for one in (host.device(), Device("host", "another chip, 8 cores")))
    add(mine, others)
    assert own_figures(device_profiles.load("host")).measured == (mine,)


def test_threads_and_cores_that_nobody_named_are_those_that_were_measured():
    add(ON_PIXEL)
    asked = question("mobilevit_s", "pixel8", runtime="tflite")
    assert asked.on == "the CPU, cores 4small, 4 threads"
    assert (answer(asked).ms, answer(asked).method) == (90.0, "measured")
