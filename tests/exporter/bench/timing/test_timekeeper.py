"""Artefacts that do not load, crash the process that times them, or hang, cost themselves only."""

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from exporter.bench.kernels.artifacts import KernelFolder
from exporter.bench.timing.timekeeper import Timed, time_artifacts
from tests.exporter.bench.host.kernels_here import KERNELS


@pytest.fixture
def good(tmp_path):
    return KernelFolder(tmp_path).made(KERNELS[1], "onnx")


@pytest.fixture
def pipe(tmp_path):
    """Whoever loads it waits until somebody writes."""
    os.mkfifo(tmp_path / "pipe.onnx")
    return tmp_path / "pipe.onnx"


def kill_who_reads(pipe, done):
    """Every process that times and has begun to read it, until all are done."""
    while not done.wait(0.01):
        with suppress(OSError):  # nobody reads
            end = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
            for process in filter(is_guest, Path("/proc").glob("[0-9]*")):
                os.kill(int(process.name), signal.SIGKILL)
            os.close(end)


def is_guest(process):
    try:
        parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        return parent == os.getpid() and b"exporter.bench.timing.guest" in (process / "cmdline").read_bytes()
    except OSError:  # it has ended
        return False


def test_one_that_does_not_load_costs_itself_only(tmp_path, good):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    first, second = time_artifacts("onnx", [Timed(broken, {"x0": (1,)}), good], 0.01, 1)
    assert first.samples is None
    assert "broken.onnx" in first.error or "protobuf" in first.error
    assert second.samples is not None


def test_one_that_crashes_costs_itself_only(pipe, good):
    done = threading.Event()
    threading.Thread(target=kill_who_reads, args=(pipe, done), daemon=True).start()
    first, second = time_artifacts("onnx", [Timed(pipe, {"x0": (1,)}), good], 0.01, 1, patience=20)
    done.set()
    assert first.samples is None
    assert "SIGKILL" in first.error
    assert second.samples is not None


def test_one_that_hangs_is_ended_when_patience_is(pipe):
    (times,) = time_artifacts("onnx", [Timed(pipe, {"x0": (1,)})], 0.01, 1, patience=1.0)
    assert (times.samples, times.error) == (None, "no answer came, and it was ended")
