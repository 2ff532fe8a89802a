"""A pack on an Android device, through Debian's own adb; the device is `tests/android_device.py`."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from exporter.bench.packs.pack import PackError
from exporter.bench.phone.benchmark_model import Settings
from exporter.bench.phone.run import AdbRequest, import_result, time_pack
from latency_db import store
from latency_db.importers.reading import read_file
from tests.exporter.cli.command_line import run

SETTINGS = Settings(warmup=1, runs=3)


@pytest.fixture
def request_of(tflite_pack, tmp_path):
    program = tmp_path / "benchmark_model"
    program.write_text(f"#!{sys.executable}\n" + (Path(__file__).parents[2] / "benchmark_model.py").read_text())
    pack = Path(shutil.copy(tflite_pack.path, tmp_path / "kernels.zip"))
    return AdbRequest(pack, program, SETTINGS)


def test_every_kernel_is_timed_and_stored_and_nothing_stays_on_the_device(phone, request_of, tflite_pack, tmp_path):
    timed = time_pack(request_of)
    assert (timed.timed, timed.failed, timed.stopped) == (3, (), None)
    assert not list((phone.root / "data/local/tmp").iterdir())
    with store.open(f"sqlite:///{tmp_path / 'db.sqlite3'}") as stored:
        assert import_result(timed.result, stored) == 3
        rows = [record.measurement for record in stored.measurements(kind="kernel")]
    assert {row.subject.key for row in rows} == {one.key for one in tflite_pack.manifest.kernels}
    for row in rows:
        assert (row.device.id, row.device.soc, row.conditions.os) == ("pixel8", "Google Tensor G3", "Android 14")
        assert (row.conditions.runtime, row.conditions.unit, row.conditions.threads) == ("tflite", "cpu", 1)
        assert (row.conditions.method, row.conditions.precision, row.thermal) == ("benchmark_model", "fp32", "light")
        assert (row.latency.n, row.latency.warmup) == (3, 1)
        assert row.latency.p50 is not None


def from_the_command_line(request, folder, *more):
    program = str(request.benchmark_model)
    asked = ("--adb", "--pack", str(request.pack), "--benchmark-model", program)
    return run("bench", *asked, "--db", f"sqlite:///{folder / 'db.sqlite3'}", "--json", *more)


def test_the_command_line_says_what_was_stored(phone, request_of, tmp_path, monkeypatch):
    monkeypatch.setenv("RUNS_AT_MOST", "2")
    done = from_the_command_line(request_of, tmp_path, "--target", "pixel9")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["stored"], said["failed"], said["device"]["model"]) == (3, [], "Pixel 8")
    with store.open(f"sqlite:///{tmp_path / 'db.sqlite3'}") as stored:
        assert {record.measurement.device.id for record in stored.measurements()} == {"pixel9"}


def test_the_command_line_says_why_nothing_was_stored(phone, request_of, tmp_path, monkeypatch):
    monkeypatch.setenv("RUNS_AT_MOST", "2")
    done = from_the_command_line(request_of, tmp_path, "--unit", "gpu")
    assert done.returncode == 2
    assert "No kernel gave a time; the first: " in done.stderr
    assert "the GPU does not run all of it" in done.stderr


def test_what_was_timed_before_a_device_went_is_kept(phone, request_of):
    timed = time_pack(request_of, lambda what, share: phone.unplug() if what.startswith("kernel 3") else None)
    assert timed.timed == 2
    assert "has gone" in timed.stopped
    assert len(read_file("app", timed.result)) == 2


def test_what_was_timed_before_an_interrupt_is_kept(phone, request_of):
    def interrupt(what, share):
        if what.startswith("kernel 2"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        time_pack(request_of, interrupt)
    [result] = request_of.pack.parent.glob("kernels.*.json")
    assert len(read_file("app", result)) == 1
    assert not list((phone.root / "data/local/tmp").iterdir())


def test_a_kernel_that_fails_costs_no_other(phone, request_of, tflite_pack, monkeypatch):
    first, *others = tflite_pack.manifest.kernels
    monkeypatch.setenv("FAILS_ON", first.file.rpartition("/")[2])
    timed = time_pack(request_of)
    assert timed.timed == len(others)
    [sentence] = timed.failed
    assert first.key in sentence
    assert "Failed to initialize XNNPACK delegate" in sentence


def test_a_kernel_that_the_gpu_leaves_to_the_cpu_is_none_of_the_gpu(phone, request_of):
    timed = time_pack(AdbRequest(request_of.pack, request_of.benchmark_model, Settings("gpu", runs=2)))
    assert (timed.timed, timed.result) == (0, None)
    assert all("the GPU does not run all of it" in sentence for sentence in timed.failed)


def test_a_damaged_pack_is_refused(phone, request_of):
    content = bytearray(request_of.pack.read_bytes())
    content[200] ^= 0xFF
    request_of.pack.write_bytes(content)
    with pytest.raises(PackError, match="make the pack anew"):
        time_pack(request_of)
