"""Kernels and whole models of this machine are timed, stored and fitted in one go."""

from dataclasses import replace
from pathlib import Path
from time import monotonic

from exporter.bench.host.calibration import Sized
from exporter.bench.host.plan import CALL
from exporter.bench.host.session import Session
from exporter.bench.host.table import Plan, measure_table
from exporter.models.registry import MODELS
from latency_db import store
from latency_db.measurement import Subject
from latency_db.operators.fit_file import read_fit
from latency_db.operators.measured_device import MeasuredDevice
from tests.exporter.bench.host.kernels_here import IMPOSSIBLE, KERNELS

MODEL = MODELS["mobilevit_xxs"]
SIZES = (128, 256)
BROKEN = Sized(replace(MODEL, name="nobodys"), 64)


def test_a_table_is_measured_and_fitted_whatever_fails(tmp_path):
    url = f"sqlite:///{tmp_path}/latency.sqlite3"
    with store.open(url) as opened:
        session = Session(opened, "onnx", 1)
        plan = Plan(
            [CALL, *KERNELS, IMPOSSIBLE],
            [BROKEN, *(Sized(MODEL, size) for size in SIZES)],
            monotonic() + 60,
            fewest_kernels=3,
        )
        table = measure_table(session, plan, tmp_path / "artifacts", tmp_path)
        rows = session.measured()
    assert (table.swept.timed, table.swept.impossible, table.swept.left) == (4, 1, 0)
    assert table.models >= 2  # more, if the machine was busy at first
    assert list(table.failed) == ["nobodys at 64 px"]
    assert "nobodys" in table.failed["nobodys at 64 px"]
    assert rows.keys() == {
        *map(Subject.of_kernel, [CALL, *KERNELS]),
        *(Subject.of_graph(MODEL.name, "classify", (size, size)) for size in SIZES),
    }

    row = rows[Subject.of_kernel(KERNELS[0])]
    ran = row.conditions
    fit = read_fit(tmp_path, row.device.soc, "onnx", ran.runtime_version, 1)
    assert fit is not None
    assert Path(str(table.fit)).parent == tmp_path
    assert fit.kernels == tuple(kernel.key for kernel in KERNELS)
    assert 0 < fit.call < 1000
    us = {kernel: 1e3 * rows[Subject.of_kernel(kernel)].latency.ms for kernel in KERNELS}
    found = MeasuredDevice.of("onnx", "host", us, fit).estimator.estimate(KERNELS)
    assert list(found.methods) == ["measured"] * 3
