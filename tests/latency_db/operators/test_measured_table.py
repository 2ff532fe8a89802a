"""Kernels that were measured, with what was fitted to them, estimate kernels and graphs."""

from dataclasses import replace

import numpy as np
import pytest

from latency_db.kernel import Kernel
from latency_db.operators.features import features
from latency_db.operators.measured_table import (
    NO_OVERHEADS,
    Fit,
    MeasuredDevice,
    TimedGraph,
    fit_path,
    fitted_overheads,
    measured_table,
    read_fit,
    write_fit,
)
from latency_db.operators.process import Fitted, Scaling


def conv(channels, side):
    return Kernel.of_key(
        f"conv 1x{channels}x{side}x{side}>1x{channels}x{side}x{side} k1x1 s1x1 conv2d+batch_norm float32"
    )


def softmax(side):
    return Kernel.of_key(f"softmax 1x4x{side}x{side}>1x4x{side}x{side} softmax float32")


US = {conv(channels, side): 1 + channels**2 * side**2 / 1e5 for channels in (16, 32, 48, 64) for side in (7, 14, 28)}
US.pop(conv(48, 14))


def fit_of(us, overheads=NO_OVERHEADS):
    names = Scaling.of(features(list(us))).names
    classes = {"conv": Fitted(dict.fromkeys(names, 3.0), slope=0.5, amplitude=0.4, noise=0.02, quantile=1.7)}
    return Fit("a chip, 2 cores", "onnx", "1.20", 1, classes, overheads, len(us))


def graph(random, whole_us):
    """Timed, with what it takes by the sum of its kernels and their number"""
    kernels = [list(US)[place] for place in random.integers(len(US), size=random.integers(10, 60))]
    us = np.array([US[kernel] for kernel in kernels])
    return TimedGraph(kernels, us, difficulty=0.05, whole_us=whole_us(us.sum(), len(us)))


def test_what_was_measured_is_found_under_the_names_of_tables():
    device = MeasuredDevice.of("onnx", "host", US, fit_of(US))
    without_norm = replace(conv(32, 14), operations=("conv2d",))
    found = device.estimator.estimate([without_norm, conv(48, 14)])
    assert list(found.methods) == ["measured", "kernel table"]
    assert found.us[0] == pytest.approx(US[conv(32, 14)])
    assert found.us[1] == pytest.approx(1 + 48**2 * 14**2 / 1e5, rel=0.25)


def test_classes_that_nobody_measured_count_by_what_they_move():
    device = MeasuredDevice.of("onnx", "host", US, fit_of(US))
    alone, beside = device.graph([conv(32, 14)]), device.graph([conv(32, 14), softmax(49)])
    assert beside.us > alone.us
    assert beside.high / beside.low > alone.high / alone.low
    assert device.graph([softmax(49)]).us == pytest.approx(beside.us - alone.us)


def test_a_kernel_of_a_class_that_nothing_was_fitted_to_is_known_as_itself():
    device = MeasuredDevice.of("onnx", "host", US | {softmax(49): 33.0}, fit_of(US))
    found = device.estimator.estimate([softmax(49), softmax(50)])
    assert list(found.methods) == ["measured", "unknown"]
    assert found.us[0] == pytest.approx(33.0)
    assert found.low[0] < found.us[0] < found.high[0]


def test_overheads_are_found_again():
    random = np.random.default_rng(0)
    graphs = [graph(random, lambda us, kernels: 1.2 * us + 30 + 0.5 * kernels) for _ in range(20)]
    overheads = fitted_overheads(graphs)
    for one in graphs:
        assert overheads.total(one.kernels, one.us) == pytest.approx(one.whole_us, rel=0.08)
    assert overheads.factors["conv"] == pytest.approx(1.2, abs=0.2)
    assert overheads.quantile < 0.1 / 0.05


def test_factors_stay_near_1_where_graphs_do_not_contradict_the_kernels():
    random = np.random.default_rng(1)
    graphs = [graph(random, lambda us, kernels: us) for _ in range(8)]
    assert fitted_overheads(graphs).factors["conv"] == pytest.approx(1, abs=0.02)


def test_a_few_graphs_are_not_enough():
    random = np.random.default_rng(2)
    with pytest.raises(ValueError, match="6 graphs or more"):
        fitted_overheads([graph(random, lambda us, kernels: us) for _ in range(5)])


def test_intervals_are_as_wide_as_kernels_and_overheads_are_uncertain():
    device = MeasuredDevice.of("onnx", "host", US, fit_of(US))
    measured, estimated = device.graph([conv(32, 14)]), device.graph([conv(48, 14)])
    half = 5 * (0.03 + 1.645 * 0.02)
    assert (measured.us / measured.low, measured.high / measured.us) == pytest.approx((np.exp(half), np.exp(half)))
    assert estimated.high / estimated.low > measured.high / measured.low


def test_a_fit_is_read_as_it_was_written_and_another_machine_or_version_has_none(tmp_path):
    fit = fit_of(US, fitted_overheads([graph(np.random.default_rng(n), lambda us, kernels: us) for n in range(6)]))
    assert write_fit(tmp_path, fit) == fit_path(tmp_path, fit.soc, "onnx", "1.20", 1)
    assert read_fit(tmp_path, fit.soc, "onnx", "1.20", 1) == fit
    assert read_fit(tmp_path, "another chip, 2 cores", "onnx", "1.20", 1) is None
    assert read_fit(tmp_path, fit.soc, "onnx", "1.21", 1) is None
    fit_path(tmp_path, fit.soc, "onnx", "1.20", 1).write_text("{}")
    assert read_fit(tmp_path, fit.soc, "onnx", "1.20", 1) is None


def test_a_table_has_a_line_for_each_kernel():
    table = measured_table("onnx", "host", US)
    assert len(table.kernels) == len(table.us) == len(US)
