"""Features of a graph add up over its kernels and count what they say."""

import numpy as np

from latency_db.end_to_end.features import NAMES, of_graph, of_kernel
from latency_db.kernel import Kernel

CONV = Kernel.of_key("conv 1x16x56x56>1x12x28x28 k3x3 s2x2 conv2d+relu float32")
GROUPED = Kernel.of_key("conv 1x64x14x14>1x64x14x14 k3x3 s1x1 g8 conv2d float32")
DEPTHWISE = Kernel.of_key("depthwise_conv 1x32x14x14>1x32x14x14 k7x7 s1x1 g32 conv2d float32")
LINEAR = Kernel.of_key("linear 1x49x64>1x49x128 linear float32")
GELU = Kernel.of_key("elementwise 1x49x128>1x49x128 gelu float32")


def features(kernel):
    return {name: value for name, value in zip(NAMES, of_kernel(kernel), strict=True) if value}


def test_a_graph_has_the_sum_of_its_kernels():
    kernels = [CONV, GROUPED, DEPTHWISE, LINEAR, GELU, GELU]
    assert np.allclose(of_graph(kernels), sum(map(of_kernel, kernels)))
    assert not of_graph([]).any()


def test_channels_that_do_not_fill_a_tile_cost_as_much_as_those_that_do():
    found = features(CONV)
    assert np.isclose(found["work conv"], CONV.macs / 12 * 16 / 1e6)
    assert found["work strided conv"] == found["work conv"]
    assert np.isclose(found["tiles conv"], 28 * 28 * 2 * 9 / 1e6)


def test_a_grouped_convolution_is_a_class_of_its_own():
    found = features(GROUPED)
    assert np.isclose(found["work grouped conv"], GROUPED.macs / 1e6)
    assert found["groups"] == 8
    assert "work conv" not in found


def test_a_depthwise_convolution_of_seven_by_seven_is_told_from_others():
    found = features(DEPTHWISE)
    assert found["macs depthwise 7×7"] == found["macs depthwise_conv"]
    assert "macs depthwise 5×5" not in found


def test_what_takes_an_exponential_is_told_from_other_elementwise_kernels():
    assert "traffic transcendental" in features(GELU)
    assert features(GELU)["kernels elementwise"] == 1
    assert features(LINEAR)["macs linear"] == LINEAR.macs / 1e6
