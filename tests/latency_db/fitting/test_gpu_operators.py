"""Tables of kernels have what the published files measured, and nothing that its kernels' names contradict."""

import pytest

from latency_db.fitting.gpu_operators import check_kernel_names, tables
from latency_db.importers.mobile_ml_operators import tflite_kernel
from latency_db.operators.features import winograd_fits
from tests.latency_db.importers.operator_rows import PAIR, conv


def test_a_gpus_own_kernel_that_the_shape_does_not_foretell_is_refused():
    row = conv("winograd")
    assert winograd_fits(tflite_kernel(row))
    check_kernel_names(tflite_kernel(row), row, "iphone7")
    with pytest.raises(ValueError, match="winograd"):
        check_kernel_names(tflite_kernel(row), row, "pixel4")


def test_times_of_two_operators_in_one_are_left_out():
    assert tables([conv(), conv(PAIR)], "tflite") == {"pixel4": [(tflite_kernel(conv()).key, 2, 5.5, 5.0, 6.0)]}
