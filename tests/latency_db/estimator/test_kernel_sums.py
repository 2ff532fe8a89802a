"""A whole is the sum of its kernels and its overheads; the kernels may have been measured a minute ago."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from latency_db.end_to_end.cells import shipped
from latency_db.estimator.estimate import NoEstimate
from latency_db.estimator.estimator import estimate
from latency_db.estimator.kernel_sums import own_table
from latency_db.estimator.overheads import overheads
from latency_db.estimator.workload import Workload
from latency_db.kernel import Kernel
from latency_db.measurement import Conditions, Latency, Subject
from latency_db.operators.calibration import Calibration
from latency_db.operators.few_rows import ENOUGH
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
    calibration = Calibration({"conv": 1.5}, {}, {"graph": 5000.0}, quantile=0.5, graphs=12)
    rows, fit = on_host(1894, HERE), replace(fit_here(), calibration=calibration)
    found = estimate(truncated(MODEL, 1), "host", HERE, rows, [fit])
    assert "overheads fitted to 12 graphs" in found.reason
    kernels = sum(one.ms * one.count for one in found.kernels)
    assert found.ms == pytest.approx(kernels + 5)
    less = replace(fit, calibration=replace(calibration, quantile=1.0))
    wider = estimate(truncated(MODEL, 1), "host", HERE, rows, [less])
    assert np.log(wider.high / wider.ms) == pytest.approx(2 * np.log(found.high / found.ms))
    other_threads = estimate(truncated(MODEL, 1), "host", HERE, rows, [replace(fit, threads=1)])
    assert "no overheads known" in other_threads.reason


def softmaxes(sides):
    return [Kernel("softmax", ("softmax",), ((1, 4, side, side),), ((1, 4, side, side),)) for side in sides]


def fit_here(version=""):
    """Of this machine, whose times are the Pixel 4's"""
    keys = tuple(kernel.key for kernel in read_table("tflite", "pixel4").kernels)
    calibration = Calibration({}, {}, {}, quantile=1.0, graphs=12)
    return Fit("a chip", "tflite", version, 2, read_fitted("tflite", "pixel4"), calibration, keys)


HERE = Conditions("tflite", "cpu", "fp32", threads=2)


def test_an_interval_on_this_machine_is_wider_where_less_is_known():
    rows = on_host(1894, HERE)
    kernels = MODEL.graphs["classify"][:-1]
    unknown = softmaxes((16, 24, 32)) * 3
    known, partly = (
        estimate(Workload({"classify": graph}), "host", HERE, rows, [fit_here()])
        for graph in (kernels, (*kernels, *unknown))
    )
    assert partly.high / partly.low > known.high / known.low


def test_of_which_hardly_a_kernel_is_known_nothing_is_said_on_this_machine():
    convs_only = [row for row in on_host(1894, HERE) if row.subject.name == "conv"]
    workload = Workload({"classify": MODEL.graphs["classify"][:1], "other": tuple(softmaxes(range(200, 400, 20)))})
    with pytest.raises(NoEstimate, match="too little was measured"):
        estimate(workload, "host", HERE, convs_only, [fit_here()])


def test_a_graph_of_a_workload_may_have_no_kernel_that_is_known():
    workload = replace(MODEL, graphs={"classify": MODEL.graphs["classify"][:-1], "other": tuple(softmaxes((16,)))})
    found = estimate(workload, "host", HERE, on_host(1894, HERE), [fit_here()])
    assert any(one.graph == "other" and one.method == "unknown" and one.ms > 0 for one in found.kernels)


def test_a_kernel_of_a_class_that_nothing_was_fitted_to_is_known_as_itself():
    [softmax] = softmaxes((49,))
    rows = [*on_host(1894, HERE), measured(Subject.of_kernel(softmax), 3.0, HERE, "host")]
    workload = Workload({"classify": (*MODEL.graphs["classify"][:-1], softmax)})
    found = estimate(workload, "host", HERE, rows, [fit_here()])
    [one] = [one for one in found.kernels if one.kernel == softmax]
    assert (one.method, one.ms) == ("measured", pytest.approx(3.0))


def versioned(version, day, slower):
    """Rows of one version of a runtime, under which everything took so many times as long"""
    return [
        replace(
            row,
            conditions=replace(HERE, runtime_version=version),
            latency=Latency(p50=slower * row.latency.ms),
            measured_at=datetime(2026, 11, day, tzinfo=UTC),
        )
        for row in on_host(600, HERE)
    ]


def test_after_an_upgrade_of_the_runtime_its_last_version_answers():
    old, new = versioned("1.0", 1, slower=1), versioned("2.0", 2, slower=10)
    workload = truncated(MODEL, 1)
    fits = [fit_here("1.0"), fit_here("2.0")]
    found = estimate(workload, "host", HERE, [*new, *old], fits)
    assert found.conditions.runtime_version == "2.0"
    assert "of tflite 2.0" in found.reason
    assert found.ms == pytest.approx(estimate(workload, "host", HERE, new, fits[1:]).ms)
    assert "no overheads known" in estimate(workload, "host", HERE, [*new, *old], fits[:1]).reason


def test_a_table_of_a_device_is_fitted_once_for_all_that_is_asked():
    rows = on_host(601)
    estimate(truncated(MODEL, 1), "host", HOST, rows)
    fitted = own_table.cache_info().misses
    estimate(truncated(MODEL, 2), "host", HOST, rows)
    assert own_table.cache_info().misses == fitted
