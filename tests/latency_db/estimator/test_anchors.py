"""A few things that were measured on a device make an estimate of everything else, by way of a device like it."""

from dataclasses import replace

import numpy as np
import pytest

from latency_db.end_to_end.cells import CellId, shipped
from latency_db.end_to_end.features import of_kernel
from latency_db.estimator.estimator import estimate
from latency_db.kernel import Kernel
from latency_db.measurement import Subject
from latency_db.operators.few_rows import ENOUGH_BESIDE_OTHERS
from latency_db.operators.table import read_table
from tests.latency_db.estimator.measurements import CPU, GPU, measured
from tests.latency_db.estimator.workloads import MOBILEVIT_LIKE, shipped_workload

PIXEL = CellId("pixel4", "tflite", "2.10", "cpu", "1large", "fp32")
SLOWER = 2.0


def test_thirty_kernels_on_a_new_gpu_are_transferred():
    rows = thirty()
    workload = shipped_workload("mobilenetv2_w1", "tflite", "gpu")
    found = estimate(workload, "galaxy_s24", GPU, rows)
    assert found.method == "transfer"
    assert "30 kernels measured on it and compared with pixel4" in found.reason
    on_pixel = sum(one.ms * one.count for one in estimate(workload, "pixel4", GPU).kernels)
    assert found.ms == pytest.approx(SLOWER * on_pixel, rel=0.3)
    assert found.high / found.low < (lambda alike: alike.high / alike.low)(estimate(workload, "galaxy_s24", GPU))


def test_kernels_on_a_new_cpu_scale_the_cell_that_is_most_like_them():
    cell = shipped().cells[PIXEL]
    kernels = list(dict.fromkeys(shipped_workload("mobilenetv2_w1", "tflite", "cpu").graphs["classify"]))[:30]
    rows = [measured(Subject.of_kernel(kernel), SLOWER * float(of_kernel(kernel) @ cell.coefficients), CPU, "pixel6")
            for kernel in kernels]  # fmt: skip
    workload = shipped_workload("proxylessnas_cpu", "tflite", "cpu")
    found = estimate(workload, "pixel6", CPU, rows)
    assert found.method == "transfer"
    assert "2.00 × what pixel4 tflite 2.10 cpu 1large fp32 takes" in found.reason
    assert found.ms == pytest.approx(SLOWER * estimate(workload, "pixel4", CPU).ms, rel=0.2)


def test_three_models_on_a_new_phone_are_a_mixture_of_cells():
    cell = shipped().cells[PIXEL]
    names = ("bagnet9", "ghostnet", "mobilenet_w1")
    times = dict(zip(cell.models, cell.milliseconds, strict=True))
    rows = [measured(Subject.of_model(name, "classify", (224, 224)), SLOWER * times[name], CPU, "pixel6")
            for name in names]  # fmt: skip
    found = estimate(shipped_workload("proxylessnas_cpu", "tflite", "cpu"), "pixel6", CPU, rows)
    assert found.method == "transfer"
    assert found.reason.startswith("3 models measured on it, as a sum of")
    assert found.low < SLOWER * times["proxylessnas_cpu"] < found.high


def test_four_kernels_are_too_few_to_compare_by():
    kernels = list(dict.fromkeys(MOBILEVIT_LIKE.graphs["classify"]))[:4]
    rows = [measured(Subject.of_kernel(kernel), 1.0, CPU, "pixel6") for kernel in kernels]
    assert estimate(MOBILEVIT_LIKE, "pixel6", CPU, rows).method == "alike device"


def test_hundreds_of_a_gpus_kernels_are_a_table_of_its_own():
    table = read_table("tflite", "pixel4")
    some = np.random.default_rng(0).choice(len(table.kernels), ENOUGH_BESIDE_OTHERS + 200, replace=False)
    rows = [measured(Subject.of_kernel(table.kernels[row]), table.us[row] / 1e3, GPU, "galaxy_s24")
            for row in some]  # fmt: skip
    workload = shipped_workload("mobilenetv2_w1", "tflite", "gpu")
    assert estimate(workload, "galaxy_s24", GPU, rows).method == "kernel table"


SOFTMAX = Kernel("softmax", ("softmax",), ((1, 4, 49, 49),), ((1, 4, 49, 49),))
"""Of a class that no table of TFLite's has"""


def thirty():
    """Kernels on a new GPU, as if it were twice as slow as a Pixel 4's"""
    table = read_table("tflite", "pixel4")
    some = np.random.default_rng(0).choice(len(table.kernels), 30, replace=False)
    return [measured(Subject.of_kernel(table.kernels[row]), SLOWER * table.us[row] / 1e3, GPU, "galaxy_s24")
            for row in some]  # fmt: skip


def with_softmax():
    workload = shipped_workload("mobilenetv2_w1", "tflite", "gpu")
    return replace(workload, graphs={"classify": (*workload.graphs["classify"], SOFTMAX)})


def test_an_anchor_of_a_class_that_no_other_device_has_is_itself():
    row = measured(Subject.of_kernel(SOFTMAX), 50.0, GPU, "galaxy_s24")
    found = estimate(with_softmax(), "galaxy_s24", GPU, [*thirty(), row])
    [one] = [one for one in found.kernels if one.kernel == SOFTMAX]
    assert (found.method, one.method, one.ms) == ("transfer", "measured", 50.0)
    assert found.ms > 50.0


def test_what_neither_anchors_nor_tables_have_is_not_free():
    found = estimate(with_softmax(), "galaxy_s24", GPU, thirty())
    [one] = [one for one in found.kernels if one.kernel == SOFTMAX]
    assert (found.method, one.method) == ("transfer", "unknown")
    assert one.ms > 0


def test_where_anchors_lead_to_little_of_a_workload_they_do_not_answer():
    few = replace(MOBILEVIT_LIKE, graphs={"classify": (MOBILEVIT_LIKE.graphs["classify"][0], *(SOFTMAX,) * 500)})
    assert estimate(few, "galaxy_s24", GPU, thirty()).method == "alike device"


@pytest.mark.parametrize(
    "further",
    [
        measured(Subject.of_model("bagnet9", "classify", (384, 384)), 9999.0, CPU, "pixel6", quality="good"),
        measured(Subject.of_model("bagnet9", "segment"), 9999.0, CPU, "pixel6", quality="good"),
        measured(Subject.of_model("bagnet9"), 9999.0, CPU, "pixel6", quality="busy"),
    ],
)
def test_models_that_were_measured_are_compared_at_the_size_of_the_tables(further):
    cell = shipped().cells[PIXEL]
    times = dict(zip(cell.models, cell.milliseconds, strict=True))
    rows = [measured(Subject.of_model(name, "classify", (224, 224)), SLOWER * times[name], CPU, "pixel6")
            for name in ("bagnet9", "ghostnet", "mobilenet_w1")]  # fmt: skip
    workload = shipped_workload("proxylessnas_cpu", "tflite", "cpu")
    alone, beside = (estimate(workload, "pixel6", CPU, some) for some in (rows, [*rows, further]))
    assert beside.ms == alone.ms
    assert beside.method == "transfer"
