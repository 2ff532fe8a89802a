"""A pack on an Android device, through Debian's own adb; the device is `tests/android_device.py`."""

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.bench.packs.pack import PackError
from exporter.bench.phone.adb import AdbError
from exporter.bench.phone.benchmark_model import Settings
from exporter.bench.phone.run import AdbRequest, import_result, time_pack
from exporter.errors import UnknownDeviceError
from latency_db import store
from tests.android_device import AndroidDevice
from tests.exporter.cli.command_line import run
from tests.latency_db.packs import changed_pack

SETTINGS = Settings(warmup=1, runs=3)


@pytest.fixture
def request_of(tflite_pack, tmp_path):
    program = tmp_path / "benchmark_model"
    program.write_text(f"#!{sys.executable}\n" + (Path(__file__).parents[3] / "benchmark_model.py").read_text())
    pack = Path(shutil.copy(tflite_pack.path, tmp_path / "kernels.zip"))
    return AdbRequest(pack, program, SETTINGS)


@pytest.fixture
def measured(tmp_path):
    with store.open(f"sqlite:///{tmp_path / 'db.sqlite3'}") as opened:
        yield opened


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """What the program on the device kept of its runs."""
    monkeypatch.setenv("KEEPS", str(tmp_path / "kept"))
    return lambda: [json.loads(line) for line in (tmp_path / "kept").read_text().splitlines()]


def rows_of(opened):
    return [record.measurement for record in opened.measurements(kind="kernel")]


def test_every_kernel_is_timed_and_stored_and_nothing_stays_on_the_device(phone, request_of, tflite_pack, measured):
    timed = time_pack(request_of, measured)
    assert (timed.timed, timed.known, timed.failed, timed.stopped) == (3, 0, (), None)
    assert not list((phone.root / "data/local/tmp").iterdir())
    assert import_result(timed.result, measured) == 3
    rows = rows_of(measured)
    assert {row.subject.key for row in rows} == {one.key for one in tflite_pack.manifest.kernels}
    for row in rows:
        assert (row.device.id, row.device.soc, row.conditions.os) == ("pixel8", "Google Tensor G3", "Android 14")
        assert (row.conditions.runtime, row.conditions.unit, row.conditions.threads) == ("tflite", "cpu", 1)
        assert (row.conditions.method, row.conditions.precision, row.thermal) == ("benchmark_model", "fp32", "light")


def test_a_row_has_what_the_program_printed_in_milliseconds(phone, request_of, measured, kept, monkeypatch):
    monkeypatch.setenv("RUNS_AT_MOST", "2")
    request = replace(request_of, settings=Settings(warmup=3, runs=3))
    import_result(time_pack(request, measured).result, measured)
    printed = {one["options"]["graph"].rpartition("/")[2]: one for one in kept()}
    assert len(printed) == 3
    for row, said in zip(rows_of(measured), printed.values(), strict=True):
        assert (row.latency.n, row.latency.warmup) == (2, said["warmup"]) == (2, 2)
        assert row.latency.p50 == pytest.approx(said["median_us"] / 1000)


def from_the_command_line(request, folder, *more):
    program = str(request.benchmark_model)
    asked = ("--adb", "--pack", str(request.pack), "--benchmark-model", program)
    return run("bench", *asked, "--db", f"sqlite:///{folder / 'db.sqlite3'}", "--json", *more)


def test_the_command_line_says_what_was_stored(phone, request_of, measured, tmp_path, monkeypatch):
    monkeypatch.setenv("RUNS_AT_MOST", "2")
    done = from_the_command_line(request_of, tmp_path, "--target", "Pixel 9")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["stored"], said["known"], said["failed"], said["device"]["model"]) == (3, 0, [], "Pixel 8")
    assert {row.device.id for row in rows_of(measured)} == {"pixel9"}
    again = json.loads(from_the_command_line(request_of, tmp_path, "--target", "pixel9").stdout)
    assert (again["stored"], again["known"], again["result"]) == (0, 3, None)


def test_a_kernel_that_the_gpu_leaves_to_the_cpu_is_none_of_the_gpu(
    phone, request_of, measured, kept, tmp_path, monkeypatch
):
    monkeypatch.setenv("RUNS_AT_MOST", "2")
    changed_pack(request_of.pack, tmp_path / "gpu.zip", unit="gpu")
    done = from_the_command_line(replace(request_of, pack=tmp_path / "gpu.zip"), tmp_path)
    assert done.returncode == 2
    assert "No kernel gave a time; the first: " in done.stderr
    assert "the GPU does not run all of it" in done.stderr
    assert {one["options"]["use_gpu"] for one in kept()} == {"true"}
    assert rows_of(measured) == []


def test_a_run_that_was_interrupted_is_stored_and_the_next_goes_on(
    phone, request_of, measured, tflite_pack, kept, tmp_path, monkeypatch
):
    monkeypatch.setenv("RUNS_AT_MOST", "2")
    monkeypatch.setenv("PYTEST_PROCESS", str(os.getpid()))
    first, second, third = (one.file.rpartition("/")[2] for one in tflite_pack.manifest.kernels)
    with monkeypatch.context() as patch:
        patch.setenv("INTERRUPTED_ON", second)
        done = from_the_command_line(request_of, tmp_path)
    assert done.returncode == 2
    assert "interrupted. 1 kernels that were timed before are stored; the same command goes on" in done.stderr.lower()
    assert len(rows_of(measured)) == 1
    assert not list((phone.root / "data/local/tmp").iterdir())
    said = json.loads(from_the_command_line(request_of, tmp_path).stdout)
    assert (said["stored"], said["known"]) == (2, 1)
    begun = [one["options"]["graph"].rpartition("/")[2] for one in kept()]
    assert begun.count(first) == 1
    assert begun[-2:] == [second, third]


def test_what_was_timed_before_a_device_went_is_kept_and_not_timed_again(phone, adb, request_of, measured):
    timed = time_pack(request_of, measured, lambda what, share: phone.unplug() if what.startswith("kernel 3") else None)
    assert timed.timed == 2
    assert "has gone" in timed.stopped
    assert import_result(timed.result, measured) == 2
    again = AndroidDevice(phone.root)
    adb("connect", again.serial)
    timed = time_pack(request_of, measured)
    assert (timed.timed, timed.known, timed.stopped) == (1, 2, None)
    again.unplug()


def test_kernels_that_ran_otherwise_are_timed_again(phone, request_of, measured):
    import_result(time_pack(request_of, measured).result, measured)
    request_of.benchmark_model.write_text("#!/bin/sh\n")
    assert time_pack(request_of, measured).known == 3
    timed = time_pack(replace(request_of, settings=replace(SETTINGS, threads=2)), measured)
    assert (timed.known, len(timed.failed)) == (0, 3)


def test_a_kernel_that_fails_costs_no_other(phone, request_of, measured, tflite_pack, monkeypatch):
    first, *others = tflite_pack.manifest.kernels
    monkeypatch.setenv("FAILS_ON", first.file.rpartition("/")[2])
    timed = time_pack(request_of, measured)
    assert timed.timed == len(others)
    [sentence] = timed.failed
    assert first.key in sentence
    assert "Failed to initialize XNNPACK delegate" in sentence


def test_a_kernel_that_takes_too_long_is_ended_on_the_device(phone, request_of, measured, tmp_path):
    processes = tmp_path / "processes"
    request_of.benchmark_model.write_text(f"#!/bin/sh\necho $$ >> {processes}\nexec sleep 60\n")
    timed = time_pack(replace(request_of, settings=replace(SETTINGS, patience=0.3)), measured)
    assert (timed.timed, timed.stopped) == (0, None)
    assert all("it took more than 0.3 s" in sentence for sentence in timed.failed)
    begun = processes.read_text().split()
    assert len(begun) == 3
    for process in begun:
        with pytest.raises(ProcessLookupError):
            os.kill(int(process), 0)


@pytest.mark.parametrize(
    ("made_for", "asked", "word"),
    [
        ({"unit": "gpu"}, "cpu", "has kernels as the gpu runs them, not the cpu: make another, by --unit"),
        ({}, "gpu", "has kernels as the cpu runs them, not the gpu"),
        ({"unit": "npu"}, None, "has kernels as the npu runs them, not the cpu or the gpu"),
        ({"runtime": "onnx"}, None, "is for onnx, and benchmark_model runs TFLite"),
    ],
)
def test_kernels_of_another_unit_or_runtime_are_refused(request_of, measured, tmp_path, made_for, asked, word):
    pack = changed_pack(request_of.pack, tmp_path / "other.zip", **made_for)
    with pytest.raises(PackError, match=word):
        time_pack(replace(request_of, pack=pack, unit=asked), measured)


def test_a_damaged_pack_is_refused(request_of, measured):
    content = bytearray(request_of.pack.read_bytes())
    content[200] ^= 0xFF
    request_of.pack.write_bytes(content)
    with pytest.raises(PackError, match="make the pack anew"):
        time_pack(request_of, measured)


def test_what_cannot_be_stored_is_refused_before_the_work(request_of, measured):
    with pytest.raises(UnknownDeviceError, match="pixel8"):
        time_pack(replace(request_of, device="pixle8"), measured)
    with request_of.pack.open("rb") as file:
        nowhere = Path(f"/proc/self/fd/{file.fileno()}")
        with pytest.raises(PackError, match=r"--pack .* cannot be written to"):
            time_pack(replace(request_of, pack=nowhere), measured)


def test_a_device_whose_name_is_no_id_has_to_be_named(phone, request_of, measured):
    (phone.root / "bin/getprop").write_text("#!/bin/sh\necho 手机\n")
    with pytest.raises(AdbError, match=r"says of itself what cannot be stored .*: pass --target"):
        time_pack(request_of, measured)
    request_of.benchmark_model.write_text("#!/bin/sh\n")
    assert len(time_pack(replace(request_of, device="pixel8"), measured).failed) == 3
