"""Kernels that were measured, with what was fitted to them, estimate kernels and graphs."""

from dataclasses import replace

import numpy as np
import pytest

from latency_db.operators.calibration import Calibration
from latency_db.operators.measured_device import MeasuredDevice, but_those_of
from tests.latency_db.operators.measured_here import US, conv, fit_of, softmax


def device(us=US, **fit):
    return MeasuredDevice.of("onnx", "host", us, fit_of(US, **fit))


def test_what_was_measured_is_found_under_the_names_of_tables():
    without_norm = replace(conv(32, 14), operations=("conv2d",))
    found = device().estimator.estimate([without_norm, conv(48, 14)])
    assert list(found.methods) == ["measured", "kernel table"]
    assert found.us[0] == pytest.approx(US[conv(32, 14)])
    assert found.us[1] == pytest.approx(1 + 48**2 * 14**2 / 1e5, rel=0.25)


def test_kernels_that_were_measured_after_the_fit_are_known_as_themselves_only():
    """Its processes know nothing of what never varied."""
    later = device({**US, conv(32, 14, window=3): 20.0, softmax(49): 5.0})
    found = later.estimator.estimate([conv(32, 14, window=3), softmax(49), softmax(50)])
    assert list(found.methods) == ["measured", "measured", "unknown"]
    assert found.us[:2] == pytest.approx([20, 5])
    assert later.graph([conv(48, 14)]).us == device().graph([conv(48, 14)]).us


def test_kernels_that_the_store_has_no_more_are_missed_by_nobody():
    left = dict(list(US.items())[:6])
    assert device(left).graph([conv(64, 28)]).us > 0


def test_classes_that_nobody_measured_count_by_what_they_move():
    alone, beside = device().graph([conv(32, 14)]), device().graph([conv(32, 14), softmax(49)])
    assert beside.us > alone.us
    assert device().graph([softmax(49)]).us == pytest.approx(beside.us - alone.us)


def test_an_interval_is_as_wide_as_its_kernels_are_unknown():
    calibrated = device(calibration=Calibration({}, {}, {}, quantile=1.0, graphs=9))
    widths = [
        np.log(found.high / found.low)
        for found in map(calibrated.graph, ([conv(32, 14)], [conv(48, 14)], [conv(200, 60)]))
    ]
    assert widths == sorted(widths)
    assert widths[0] < 0.8 * widths[1]
    unknown = calibrated.graph([softmax(49)])
    assert np.log(unknown.high / unknown.low) == pytest.approx(2 * (0.03 + 1))


def test_without_models_that_were_timed_whole_intervals_are_those_of_the_worst_phone():
    estimate, half = device().graph([conv(32, 14)]), 5 * (0.03 + 1.645 * 0.02)
    assert (estimate.us / estimate.low, estimate.high / estimate.us) == pytest.approx((np.exp(half), np.exp(half)))


def test_what_a_call_takes_is_in_a_graph_once():
    kernels = [conv(32, 14)] * 3
    called = device(call=0.5, calibration=Calibration({}, {}, {"graph": 0.5}, quantile=1.0, graphs=9))
    assert called.graph(kernels).us == pytest.approx(3 * (US[conv(32, 14)] - 0.5) + 0.5)
    assert device(call=1e6).kernel_times(kernels) == pytest.approx(0.05 * US[conv(32, 14)])


def test_kernels_are_told_with_what_their_class_takes_within_graphs():
    slower = device(calibration=Calibration({"conv": 1.5}, {}, {}, quantile=1.0, graphs=9))
    kernels = [conv(32, 14), conv(64, 7)]
    assert slower.kernel_times(kernels).sum() == pytest.approx(slower.graph(kernels).us)
    assert slower.kernel_times(kernels) == pytest.approx(1.5 * np.array([US[kernel] for kernel in kernels]))


def test_what_differs_in_fused_operators_only_is_left_out_with_a_kernel():
    relu = replace(conv(32, 14), operations=("conv2d", "batch_norm", "relu"))
    assert but_those_of(US, [relu], "onnx").keys() == US.keys() - {conv(32, 14)}
