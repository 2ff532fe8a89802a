"""What the user has measured of a device goes into the answers."""

from dataclasses import replace

import pytest

import device_profiles
from exporter.bench.host import device as host
from exporter.errors import LatencyError
from exporter.latency.own_figures import OwnFigures, own_figures
from exporter.latency.question import answer, asked_about
from latency_db import store
from latency_db.measurement import Conditions, Device, Latency, Measurement, Source, Subject
from latency_db.operators.calibration import NOT_CALIBRATED
from latency_db.operators.fit_file import Fit, write_fit
from latency_db.store.user_file import user_file

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


def test_rows_are_those_of_the_device():
    add(ON_PIXEL, replace(ON_PIXEL, device=Device("pixel7")))
    assert own_figures(device_profiles.load("pixel8")).measured == (ON_PIXEL,)
    assert len(own_figures().measured) == 2


def test_of_the_host_only_this_machines_rows_count():
    mine, others = (replace(ON_PIXEL, device=one) for one in (host.device(), Device("host", "another chip, 8 cores")))
    add(mine, others)
    assert own_figures(device_profiles.load("host")).measured == (mine,)


def test_a_fit_is_that_of_the_version_that_was_measured():
    here = host.device()
    ran = Conditions("onnx", "cpu", "fp32", runtime_version="1.22", threads=1)
    add(replace(ON_PIXEL, device=here, conditions=ran))
    for version in ("1.21", "1.22"):
        write_fit(user_file().parent, Fit(here.soc, "onnx", version, 1, {}, NOT_CALIBRATED, kernels=()))
    assert [fit.runtime_version for fit in own_figures(device_profiles.load("host")).fits] == ["1.22"]


def test_threads_and_cores_that_nobody_named_are_those_that_were_measured():
    add(ON_PIXEL)
    found = answer(asked_about("mobilevit_s", "pixel8", runtime="tflite"))
    assert (found.conditions.unit, found.conditions.cores, found.conditions.threads) == ("cpu", "4small", 4)
    assert (found.ms, found.method) == (90.0, "measured")


def test_what_was_timed_here_under_another_runtime_than_the_first_is_named():
    add(replace(ON_PIXEL, device=host.device(), conditions=Conditions("tflite", "cpu", "fp32", threads=1)))
    with pytest.raises(LatencyError, match="under executorch on the cpu in fp32: ask for tflite on cpu, or run `vitex"):
        answer(asked_about("mobilevit_s", "host"))
