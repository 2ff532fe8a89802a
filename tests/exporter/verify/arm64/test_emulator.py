"""Emulated cores: a process sees the features that are meant, and what crashes costs one artefact."""

import os
import signal
from pathlib import Path
from threading import get_native_id

import numpy as np
import pytest

from exporter.backends import onnx as onnx_backend
from exporter.verify.arm64.cpus import CPU_MODELS, cpuinfo
from exporter.verify.arm64.emulator import run_jobs, visible_features
from exporter.worker.process import Job
from tests.exporter.verify.arm64.models import picky_model

A76, I8MM = CPU_MODELS


@pytest.mark.parametrize("cpu", CPU_MODELS, ids=lambda cpu: cpu.name)
def test_a_process_sees_the_core_that_is_meant(arm64, cpu):
    seen = visible_features(arm64, cpu)
    assert cpu.has <= seen
    assert not cpu.lacks & seen


def test_one_core_has_a_dot_product_and_the_other_matrix_products_too(arm64):
    assert "asimddp" in visible_features(arm64, A76)
    assert "i8mm" not in visible_features(arm64, A76)
    assert {"asimddp", "i8mm"} <= visible_features(arm64, I8MM)


def test_cpuinfo_lists_the_features_in_the_kernels_order():
    lines = cpuinfo(A76, {"asimddp", "fp", "i8mm", "asimd"}, cores=2).splitlines()
    assert lines.count("Features\t: fp asimd asimddp i8mm") == 2
    assert [line for line in lines if line.startswith("processor")] == ["processor\t: 0", "processor\t: 1"]


def test_a_crash_costs_one_artefact_and_says_what_it_was(arm64, tmp_path):
    path = picky_model(tmp_path / "picky.onnx")
    crashed = []

    def crash(done, count):
        if not crashed:
            crashed.extend(map(int, Path(f"/proc/self/task/{get_native_id()}/children").read_text().split()))
            os.kill(crashed[-1], signal.SIGSEGV)  # the emulator hands it on to its process

    jobs = [Job("exporter.backends.onnx", path, {"x": np.ones((count, 4), np.float32)}) for count in (20_000, 3)]
    first, second = run_jobs(arm64, A76, jobs, seconds=60, progress=crash)
    assert first.runtime is None
    assert first.error == "qemu: uncaught target signal 11 (Segmentation fault) - core dumped"
    assert (second.error, second.runtime) == (None, onnx_backend.load(path).runtime)
    assert second.actual["y"].shape == (3, 4)


def test_an_artefact_that_a_runtime_refuses_costs_itself_only(arm64, tmp_path):
    broken, sound = tmp_path / "broken.tflite", picky_model(tmp_path / "sound.onnx")
    broken.write_bytes(b"\x10\0\0\0TFL3" + b"\xff" * 64)
    given = {"x": np.ones((1, 4), np.float32)}
    first, second = run_jobs(
        arm64,
        A76,
        [Job("exporter.backends.tflite", broken, given), Job("exporter.backends.onnx", sound, given)],
        seconds=60,
    )
    assert (first.runtime, first.error) == (None, "ValueError: The model is not a valid Flatbuffer buffer")
    assert second.error is None


def test_what_says_nothing_for_too_long_is_ended(arm64, tmp_path):
    job = Job("exporter.backends.onnx", picky_model(tmp_path / "slow.onnx"), {"x": np.ones((1, 4), np.float32)})
    (outcome,) = run_jobs(arm64, A76, [job], seconds=60, silence=0.01)
    assert (outcome.runtime, outcome.error) == (None, "no answer came, and it was ended")
