"""Shipped tables are read by device, and have kernels under the names that graphs have for them."""

from dataclasses import replace

import numpy as np
import pytest

from latency_db.kernel import Kernel
from latency_db.operators.table import NoKernelTable, as_tabled, configuration, read_table, tabled_devices

STEM = Kernel("conv", ("conv2d", "relu"), ((1, 3, 224, 224),), ((1, 64, 112, 112),), (7, 7), (2, 2))


@pytest.fixture(scope="module")
def table():
    return read_table("tflite", "iphone7")


def test_tables_of_six_and_of_four_phones_are_shipped():
    assert tabled_devices("tflite") == ["galaxy_a03s", "galaxy_s10", "iphone7", "iphone_xs", "mi8_se", "pixel4"]
    assert tabled_devices("pytorch") == ["galaxy_s10", "iphone_xs", "motorola_one_fusion", "pixel4"]


def test_a_device_without_a_table_is_refused_and_others_are_named():
    with pytest.raises(NoKernelTable, match="iphone7"):
        read_table("tflite", "fairphone5")


def test_a_kernel_that_was_measured_has_its_time_and_another_has_none(table):
    unknown = replace(STEM, inputs=((1, 5, 224, 224),))
    found = table.measured([table.kernels[0], unknown])
    assert found[0] == table.by_key[table.kernels[0].key]
    assert np.isnan(found[1])


def test_a_kernel_measured_twice_has_the_median(table):
    lines = [
        row for row, kernel in enumerate(table.kernels) if kernel.key == "pooling 1x1280x7x7>1x1280x1x1 mean float32"
    ]
    assert len(lines) == 2
    assert table.measured(table.kernels_at(np.array(lines)))[0] == pytest.approx(table.us[lines].mean())


@pytest.mark.parametrize(
    "kernel",
    [
        replace(STEM, operations=("conv2d", "batch_norm", "relu")),
        replace(STEM, operations=("convolution", "relu")),
    ],
    ids=lambda kernel: "+".join(kernel.operations),
)
def test_what_costs_nothing_is_not_told_apart(kernel):
    assert as_tabled(kernel, "tflite") == STEM


def test_clamps_and_means_have_one_name_each():
    clamp = Kernel("elementwise", ("hardtanh",), ((1, 8, 4, 4),), ((1, 8, 4, 4),))
    mean = Kernel("pooling", ("adaptive_avg_pool2d",), ((1, 8, 4, 4),), ((1, 8),))
    assert as_tabled(clamp, "tflite").operations == ("relu6",)
    assert as_tabled(mean, "tflite") == Kernel("pooling", ("mean",), ((1, 8, 4, 4),), ((1, 8, 1, 1),))


def test_a_product_that_clamps_is_one_that_does_not_in_tables_of_pytorch_only():
    assert as_tabled(STEM, "tflite").operations == ("conv2d", "relu")
    assert as_tabled(STEM, "pytorch") == replace(STEM, operations=("conv2d",))
    clamp = Kernel("elementwise", ("relu",), ((1, 8, 4, 4),), ((1, 8, 4, 4),))
    assert as_tabled(clamp, "pytorch") == clamp


def test_a_configuration_is_a_kernel_whatever_is_fused_to_it():
    output = STEM.outputs[0]
    summed = replace(STEM, operations=("conv2d", "add", "relu"), inputs=(*STEM.inputs, output))
    assert configuration(summed) == configuration(STEM)
    assert configuration(replace(STEM, stride=(1, 1))) != configuration(STEM)


def test_a_product_of_two_computed_matrices_keeps_its_name():
    product = Kernel("matmul", ("addmm",), ((64, 32), (32, 16), (64, 16)), ((64, 16),))
    layer = Kernel("linear", ("addmm",), ((1, 32),), ((1, 16),))
    assert as_tabled(product, "tflite").operations == ("addmm",)
    assert as_tabled(layer, "tflite").operations == ("linear",)
