"""A whole is the sum of its kernels and its overheads; the kernels may have been measured a minute ago."""

from dataclasses import replace

import numpy as np
import pytest

from latency_db.end_to_end.cells import shipped
from latency_db.estimator.estimator import estimate
from latency_db.estimator.overheads import overheads
from latency_db.measurement import Conditions, Subject
from latency_db.operators.few_rows import ENOUGH
from latency_db.operators.calibration import Calibration
from latency_db.operators.fit_file import Fit
from latency_db.operators.process import read_fitted
from latency_db.operators.table import read_table
from tests.latency_db.estimator.measurements import GPU, measured
from tests.latency_db.estimator.workloads import MOBILEVIT_LIKE, shipped_workload

HOST = Conditions("onnx", "cpu", "fp32", threads=2)
MODEL = shipped_workload("mobilenetv2_w1", "tflite", "gpu")


def truncated(workload, left):
    """The workload without its last kernels, so that no table has timed the very graph."""
    return replace(workload, graphs={"classify": workload.graphs["classify"][:-left]})


@pytest.mark.parametrize("device", ["pixel4", "galaxy_s10", "iphone_xs", "iphone7", "mi8_se", "galaxy_a03s"])
def test_a_sum_is_near_what_was_timed_whole(device):
    cell = next(cell for key, cell in shipped().cells.items() if (key.device, key.unit, key.runtime) ==
                (device, "gpu", "tflite"))  # fmt: skip
    whole = dict(zip(cell.models, cell.milliseconds, strict=True))["mobilenetv2_w1"]
    found = estimate(truncated(MODEL, 1), device, GPU)
    assert found.method == "kernel table"
    assert found.ms == pytest.approx(whole, rel=0.25)


def test_overheads_are_what_is_left_of_a_total_without_its_kernels():
    found, overhead = estimate(truncated(MODEL, 1), "pixel4", GPU), overheads()["tflite", "pixel4"]
    kernels = sum(one.ms * one.count for one in found.kernels)
    count = sum(one.count for one in found.kernels)
    assert found.ms - kernels == pytest.approx(overhead.per_graph + count * overhead.per_kernel)


def test_every_shipped_table_of_kernels_has_fitted_overheads():
    assert len(overheads()) == 10
    assert all(one.models > 60 and one.scale > 0.9 and one.quantile > 0 for one in overheads().values())
    assert [key for key, one in overheads().items() if not one.beats_roofline] == [("pytorch", "iphone_xs")]


def test_a_kernel_that_was_measured_on_the_phone_goes_before_its_table():
    kernel = MODEL.graphs["classify"][0]
    [before] = [one for one in estimate(truncated(MODEL, 1), "pixel4", GPU).kernels if one.kernel == kernel]
    row = measured(Subject.of_kernel(kernel), 7.0, GPU)
    [after] = [one for one in estimate(truncated(MODEL, 1), "pixel4", GPU, [row]).kernels if one.kernel == kernel]
    assert after.ms == pytest.approx(7.0 * overheads()["tflite", "pixel4"].scale)
    assert after.ms > 10 * before.ms


def test_products_of_a_class_that_no_table_has_cost_what_others_do():
    """TFLite's tables have no matrix products of two computed matrices."""
    found = estimate(MOBILEVIT_LIKE, "pixel4", GPU)
    rates = {
        kind: sum(one.ms * one.count for one in found.kernels if one.kernel.kind == kind)
        / sum(one.kernel.macs * one.count for one in found.kernels if one.kernel.kind == kind)
        for kind in ("matmul", "conv")
    }
    assert {one.method for one in found.kernels if one.kernel.kind == "matmul"} == {"unknown"}
    assert 0.2 < rates["matmul"] / rates["conv"] < 5


def on_host(count, conditions=HOST):
    """So many kernels, as if this machine took as long as a phone's GPU."""
    table = read_table("tflite", "pixel4")
    some = np.random.default_rng(0).permutation(len(table.kernels))[:count]
    return [measured(Subject.of_kernel(table.kernels[row]), table.us[row] / 1e3, conditions, "host") for row in some]


def test_kernels_that_were_measured_here_are_a_table():
    found = estimate(truncated(MODEL, 1), "host", HOST, on_host(600))
    assert found.method == "kernel table"
    assert "no overheads known" in found.reason
    kernels = estimate(truncated(MODEL, 1), "pixel4", GPU).kernels
    assert found.ms == pytest.approx(sum(one.ms * one.count for one in kernels), rel=0.25)
    assert {one.method for one in found.kernels} >= {"measured", "kernel table"}


def test_threads_that_nobody_stated_are_those_that_most_kernels_ran_with():
    rows = on_host(200) + on_host(100, replace(HOST, threads=1))
    assert "with 2 threads" in estimate(truncated(MODEL, 1), "host", Conditions("onnx", None, None), rows).reason


def test_too_few_kernels_on_this_machine_are_no_table():
    with pytest.raises(ValueError, match="bench --kernels"):
        estimate(truncated(MODEL, 1), "host", HOST, on_host(ENOUGH // 2))


def test_what_was_learned_of_this_machine_comes_with_its_kernels():
    """Its processes and the overheads of whole models"""
    here = Conditions("tflite", "cpu", "fp32", threads=2)
    rows = on_host(1894, here)
    calibration = Calibration({}, {"graph": 5000.0}, quantile=0.0, graphs=12, least=0.05)
    keys = tuple(row.subject.key for row in rows)
    fit = Fit("a chip", "tflite", "", 2, read_fitted("tflite", "pixel4"), calibration, keys)
    found = estimate(truncated(MODEL, 1), "host", here, rows, [fit])
    assert "overheads fitted to 12 models" in found.reason
    kernels = sum(one.ms * one.count for one in found.kernels)
    assert found.ms == pytest.approx(kernels + 5)
    assert found.high / found.ms == pytest.approx(np.exp(0.05))
    other_threads = estimate(truncated(MODEL, 1), "host", here, rows, [replace(fit, threads=1)])
    assert "no overheads known" in other_threads.reason
