"""Features say of kernels what their times depend on."""

import numpy as np
import pytest

from latency_db.kernel import Kernel
from latency_db.operators.features import FEATURES, features, kernel_class, weights_are_constants, winograd_fits


def conv(channels=64, out_channels=64, size=56, window=3, stride=1, groups=1, fused=()):
    out = size // stride
    return Kernel(
        "conv", ("conv2d", *fused), ((1, channels, size, size),), ((1, out_channels, out, out),), (window, window),
        (stride, stride), groups=groups,
    )  # fmt: skip


def test_a_row_for_each_kernel_and_a_column_for_each_name():
    assert features([conv(), conv(32)]).shape == (2, len(FEATURES))
    assert features([]).shape == (0, len(FEATURES))


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        (conv(size=28), {"pixels_read", "pixels_written", "macs", "bytes", "small_blocks_written",
                         "large_blocks_written"}),
        (conv(fused=("relu",)), {"fused_relu"}),
        (conv(fused=("erf",)), {"fused_other"}),
        (conv(out_channels=62), {"channels_written", "macs", "bytes", "unfilled_slice_written", "unfilled_8_written",
                                 "unfilled_16_written"}),
    ],
    ids=["size", "fused", "fused and unknown", "unfilled slices"],
)  # fmt: skip
def test_only_what_changes_changes(changed, names):
    before, after = features([conv(), changed])
    differing = {FEATURES[column] for column in np.flatnonzero(before != after)}
    assert names <= differing | {"winograd"}
    assert differing - names <= {"winograd"}


def test_winograds_algorithm_is_for_wide_convolutions_of_three_by_three_without_stride():
    assert winograd_fits(conv())
    assert not any(map(winograd_fits, (conv(60), conv(size=16), conv(stride=2), conv(window=5), conv(groups=2))))


def test_few_weights_are_constants():
    assert weights_are_constants(conv(72, 24, window=1))
    assert not weights_are_constants(conv(96, 24, window=1))
    assert not weights_are_constants(conv(3, 48))


def test_grouped_convolutions_and_pooling_of_whole_pictures_are_classes_of_their_own():
    pooled = Kernel("pooling", ("mean",), ((1, 8, 7, 7),), ((1, 8, 1, 1),))
    window = Kernel("pooling", ("max_pool2d",), ((1, 8, 4, 4),), ((1, 8, 2, 2),), (2, 2), (2, 2))
    assert [kernel_class(kernel) for kernel in (conv(), conv(groups=2), pooled, window)] == [
        "conv", "grouped_conv", "global_pooling", "pooling",
    ]  # fmt: skip
