"""Which kernels are measured first."""

import numpy as np

from latency_db.kernel import Kernel
from latency_db.operators.anchors import anchors
from latency_db.operators.features import kernel_class


def conv(channels, side):
    key = f"conv 1x{channels}x{side}x{side}>1x{channels}x{side}x{side} k3x3 s1x1 conv2d float32"
    return Kernel.of_key(key)


def add(channels, side):
    shape = f"1x{channels}x{side}x{side}"
    return Kernel.of_key(f"elementwise {shape},{shape}>{shape} add float32")


CONVS = [conv(channels, side) for channels in (8, 16, 32, 64, 128, 256) for side in (7, 14, 28, 56, 112)]
ADDS = [add(channels, side) for channels in (8, 64, 256) for side in (7, 28, 112)]


def test_few_of_them_are_of_all_classes_and_of_all_sizes():
    kernels = [*CONVS, *ADDS]
    chosen = [kernels[index] for index in anchors(kernels, [1.0] * len(kernels), 8)]
    assert {kernel_class(kernel) for kernel in chosen} == {"conv", "elementwise"}
    macs = np.log([kernel.macs for kernel in chosen if kernel.kind == "conv"])
    every = np.log([kernel.macs for kernel in CONVS])
    assert np.ptp(macs) > np.ptp(every) / 2


def test_each_is_measured_once_and_a_longer_list_goes_on_from_a_shorter_one():
    everything = anchors(CONVS, [1.0] * len(CONVS), 10**6)
    assert sorted(everything) == list(range(len(CONVS)))
    assert anchors(CONVS, [1.0] * len(CONVS), 5) == everything[:5]


def test_what_is_used_more_is_measured_first():
    weights = [1.0] * len(CONVS)
    weights[17] = 1000.0
    assert anchors(CONVS, weights, 1) == [17]
