"""Kernels are estimated from the table of their device, and the answer says how."""

from dataclasses import replace

import numpy as np
import pytest

from latency_db.kernel import Kernel
from latency_db.operators.estimates import KernelEstimator
from latency_db.operators.process import class_processes, read_fitted
from latency_db.operators.table import as_tabled, read_table
from latency_db.shipped_tables import DATA, read_lines

ONE_CLASS = "depthwise_conv"
NEW = Kernel("depthwise_conv", ("conv2d", "relu"), ((1, 100, 28, 28),), ((1, 100, 28, 28),), (3, 3), (1, 1), groups=100)


@pytest.fixture(scope="module")
def table():
    """Of one class, so that tests take no time"""
    table = read_table("tflite", "iphone7")
    return table.lines(np.array([row for row, kernel in enumerate(table.kernels) if kernel.kind == ONE_CLASS]))


@pytest.fixture(scope="module")
def estimator(table):
    return KernelEstimator(table, class_processes(table, read_fitted("tflite", "iphone7")))


def test_a_kernel_of_the_table_has_its_measured_time(estimator, table):
    found = estimator.estimate(table.kernels[:3])
    assert found.us == pytest.approx(table.us[:3])
    assert list(found.methods) == ["measured"] * 3


def test_a_kernel_among_those_of_the_table_is_estimated_within_its_interval(estimator):
    found = estimator.estimate([NEW])
    assert found.methods[0] == "kernel table"
    assert found.low[0] < found.us[0] < found.high[0]


def test_a_kernel_out_of_range_says_so_and_is_less_certain(estimator):
    huge = replace(NEW, inputs=((1, 100, 900, 900),), outputs=((1, 100, 900, 900),))
    dilated = replace(NEW, dilation=(2, 2))
    found = estimator.estimate([NEW, huge, dilated])
    assert list(found.methods) == ["kernel table", "outside the table", "outside the table"]
    widths = np.log(found.high / found.low)
    assert widths[1] > 2 * widths[0]
    assert widths[2] == pytest.approx(2 * widths[0])


def test_a_kernel_whose_class_was_never_measured_is_unknown(estimator):
    found = estimator.estimate([Kernel("softmax", ("softmax",), ((1, 4, 49, 49),), ((1, 4, 49, 49),)), NEW])
    assert list(found.methods) == ["unknown", "kernel table"]
    assert np.isnan(found.us[0])


def test_a_kernel_of_the_table_is_known_though_its_class_has_no_process(table):
    found = KernelEstimator(table, {}).estimate([table.kernels[0], NEW])
    assert list(found.methods) == ["measured", "unknown"]
    assert found.us[0] == pytest.approx(table.us[0])


def test_kernels_come_back_in_their_order_however_often_they_come(estimator, table):
    several = [NEW, table.kernels[0], NEW, table.kernels[1]]
    found = estimator.estimate(several)
    assert found.us == pytest.approx([estimator.estimate([kernel]).us[0] for kernel in several])


def test_no_kernels_have_no_estimates(estimator):
    assert len(estimator.estimate([]).us) == 0


def test_held_out_configurations_are_estimated_and_their_intervals_hold(table):
    every_fourth = np.arange(len(table.kernels)) % 4 == 0
    known = table.lines(np.flatnonzero(~every_fourth))
    estimator = KernelEstimator(known, class_processes(known, read_fitted("tflite", "iphone7")))
    held_out = np.flatnonzero(every_fourth)
    found, us = estimator.estimate(table.kernels_at(held_out)), table.us[held_out]
    assert np.median(np.abs(found.us / us - 1)) < 0.05
    assert np.mean((found.low <= us) & (us <= found.high)) > 0.75


def fused_convolutions(model):
    """Those of a shipped graph, as PyTorch runs it on a GPU."""
    graphs = read_lines(DATA / "end_to_end" / "graphs.csv.gz")
    graph = next(row for row in graphs if (row["model"], row["runtime"], row["unit"]) == (model, "pytorch", "gpu"))
    keys = [row["kernel"] for row in read_lines(DATA / "end_to_end" / "kernels.csv.gz")]
    kernels = [Kernel.of_key(keys[int(part.partition("*")[0])]) for part in graph["kernels"].split()]
    return [kernel for kernel in kernels if kernel.kind in ("conv", "depthwise_conv") and len(kernel.operations) > 1]


def test_convolutions_that_clamp_in_a_graph_of_pytorch_are_in_its_table():
    kernels = fused_convolutions("mobilenetv2_w1")
    table = read_table("pytorch", "pixel4")
    named = ("conv", "depthwise_conv")
    convolutions = table.lines(np.flatnonzero([kernel.kind in named for kernel in table.kernels]))
    estimator = KernelEstimator(convolutions, class_processes(convolutions, read_fitted("pytorch", "pixel4")))
    methods = estimator.estimate(kernels).methods
    assert any("relu6" in as_tabled(kernel, "tflite").operations for kernel in kernels)
    assert set(methods) == {"measured", "kernel table"}
    assert np.mean(methods == "measured") > 0.5
