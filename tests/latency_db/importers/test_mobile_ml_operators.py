"""Rows of the published files become the kernels that they measured."""

import pytest

from latency_db.importers.mobile_ml_operators import pytorch_kernel, tflite_kernel
from tests.latency_db.importers.operator_rows import conv, tflite


@pytest.mark.parametrize(
    ("row", "key"),
    [
        (conv("fused:relu"), "conv 1x64x56x56>1x64x56x56 k3x3 s1x1 conv2d+relu float32"),
        (conv("fused:add+relu"), "conv 1x64x56x56,1x64x56x56>1x64x56x56 k3x3 s1x1 conv2d+add+relu float32"),
        (conv("fused:add+mul+relu"), "conv 1x64x56x56>1x64x56x56 k3x3 s1x1 conv2d+mul+add+relu float32"),
        (conv("fused:minimum+relu"), "conv 1x64x56x56>1x64x56x56 k3x3 s1x1 conv2d+relu6 float32"),
        (conv(op="CONV_2D_GROUP", groups="4"), "conv 1x64x56x56>1x64x56x56 k3x3 s1x1 g4 conv2d float32"),
        (
            conv(op="DEPTHWISE_CONV_2D", out_channels="1"),
            "depthwise_conv 1x64x56x56>1x64x56x56 k3x3 s1x1 g64 conv2d float32",
        ),
        (
            tflite("CONCATENATION", in_hw="28", in_ch="64", out_hw="28", out_ch="255", kernel="4"),
            "data_movement 1x64x28x28,1x64x28x28,1x64x28x28,1x63x28x28>1x255x28x28 cat float32",
        ),
        (tflite("MEAN", in_hw="7", in_ch="64", out_hw="64", kernel="0"), "pooling 1x64x7x7>1x64x1x1 mean float32"),
        (
            tflite("AVERAGE_POOL_2D", in_hw="7", in_ch="64", out_hw="1", kernel="7", stride="1"),
            "pooling 1x64x7x7>1x64x1x1 mean float32",
        ),
        (tflite("FULLY_CONNECTED", in_ch="64", out_ch="10"), "linear 1x64>1x10 linear float32"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["op"],
)
def test_a_row_of_the_tflite_file_is_a_kernel(row, key):
    assert tflite_kernel(row).key == key


@pytest.mark.parametrize(
    ("op", "features", "key"),
    [
        (
            "vulkan_prepack::run_conv2d_context",
            "{'input_channel': 16, 'input_shape': 112, 'output_channel': 16, 'output_shape': 112, 'kernel_size': 3, "
            "'stride': 1, 'filter_size': 144}",
            "depthwise_conv 1x16x112x112>1x16x112x112 k3x3 s1x1 g16 conv2d float32",
        ),
        (
            "vulkan_prepack::run_linear_context",
            "{'input_shape': 1024, 'output_shape': 1000}",
            "linear 1x1024>1x1000 linear float32",
        ),
        (
            "aten::mul",
            "{'input_channel': 72, 'input_shape': 28}",
            "elementwise 1x72x28x28,1x72x1x1>1x72x28x28 mul float32",
        ),
    ],
)
def test_a_row_of_the_pytorch_file_is_a_kernel(op, features, key):
    assert pytorch_kernel({"op": op, "raw_features": features}).key == key
