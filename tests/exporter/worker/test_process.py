"""Artefacts in a process of their own: what crashes, is refused or hangs there costs one artefact."""

import os
import signal
import sys
import time
from pathlib import Path
from threading import get_native_id

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from exporter.backends import onnx as onnx_backend
from exporter.worker.process import PACKAGES, Guest, Job, run_jobs

LOADER = "exporter.backends.onnx"


@pytest.fixture
def doubles(tmp_path) -> Path:
    """y = x + x."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "doubles", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.save(model, tmp_path / "doubles.onnx")
    return tmp_path / "doubles.onnx"


@pytest.fixture
def run(tmp_path):
    """Runs jobs with this Python."""
    paths = os.pathsep.join([str(tmp_path), *(str(path.parent) for path in PACKAGES.values())])

    def run(jobs, seconds=60.0, **options):
        folder = tmp_path / "passed"
        folder.mkdir()
        return list(
            run_jobs(Guest([sys.executable], os.environ | {"PYTHONPATH": paths}), folder, jobs, seconds, **options)
        )

    return run


def inputs(count: int) -> dict[str, np.ndarray]:
    return {"x": np.arange(4 * count, dtype=np.float32).reshape(count, 4)}


def child() -> int:
    """The process that this thread has started last."""
    return int(Path(f"/proc/self/task/{get_native_id()}/children").read_text().split()[-1])


def test_one_process_runs_all_and_what_comes_out_is_as_here(run, doubles):
    processes = set()
    jobs = [Job(LOADER, doubles, inputs(3)), Job(LOADER, doubles, inputs(2))]
    first, second = run(jobs, progress=lambda done, count: processes.add(child()))
    assert len(processes) == 1
    assert first.runtime == second.runtime == onnx_backend.load(doubles).runtime
    np.testing.assert_array_equal(first.actual["y"], 2 * inputs(3)["x"])
    np.testing.assert_array_equal(second.actual["y"], 2 * inputs(2)["x"])


def test_a_crash_and_a_refusal_cost_one_artefact_each(run, doubles, tmp_path):
    broken, crashed = tmp_path / "broken.onnx", []
    broken.write_bytes(b"no model")

    def crash(done, count):
        if not crashed:
            crashed.append(child())
            os.kill(crashed[0], signal.SIGSEGV)

    jobs = [Job(LOADER, doubles, inputs(100_000)), Job(LOADER, broken, inputs(1)), Job(LOADER, doubles, inputs(1))]
    first, second, third = run(jobs, progress=crash)
    assert (first.runtime, first.error) == (None, "its process crashed: SIGSEGV")
    assert second.runtime is None
    assert "broken.onnx" in second.error
    assert third.error is None


def test_when_time_is_up_no_further_input_is_begun(run, doubles):
    (outcome,) = run([Job(LOADER, doubles, inputs(5))], seconds=0)
    assert outcome.actual["y"].shape == (1, 4)


def test_what_says_nothing_for_too_long_is_ended(run, doubles):
    (outcome,) = run([Job(LOADER, doubles, inputs(1))], silence=0.01)
    assert (outcome.runtime, outcome.error) == (None, "no answer came, and it was ended")


def test_what_closes_its_output_and_does_not_end_is_ended(run, doubles, tmp_path):
    """As a runtime may that waits for its threads when Python ends."""
    (tmp_path / "stuck.py").write_text(
        "import atexit, sys, time\n\n\n"
        "def load(path, threads):\n    atexit.register(time.sleep, 3600)\n    sys.exit()\n"
    )
    begun = time.monotonic()
    stuck, after = run([Job("stuck", doubles, inputs(1)), Job(LOADER, doubles, inputs(1))])
    assert (stuck.runtime, stuck.error) == (None, "it did not come to its end, and was ended")
    assert after.error is None
    assert time.monotonic() - begun < 60
