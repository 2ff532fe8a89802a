"""A kernel is what its key says, and what it costs follows from it."""

import pytest

from latency_db.kernel import Kernel
from latency_db.operators.table import read_table

STEM = Kernel("conv", ("conv2d", "relu"), ((1, 3, 224, 224),), ((1, 32, 112, 112),), (3, 3), (2, 2))
DEPTHWISE = Kernel("depthwise_conv", ("conv2d",), ((1, 32, 56, 56),), ((1, 32, 56, 56),), (3, 3), (1, 1), (2, 2), 32)
TRANSPOSED = Kernel("transposed_conv", ("conv_transpose2d",), ((1, 64, 16, 16),), ((1, 32, 32, 32),), (2, 2), (2, 2))
LINEAR = Kernel("linear", ("linear", "gelu"), ((1, 196, 64),), ((1, 196, 256),), dtype="float16")
MATMUL = Kernel("matmul", ("matmul",), ((1, 4, 49, 32), (1, 4, 32, 49)), ((1, 4, 49, 49),))
ATTENTION = Kernel(
    "attention", ("scaled_dot_product_attention",), ((1, 4, 49, 32), (1, 4, 64, 32), (1, 4, 64, 16)), ((1, 4, 49, 16),)
)
ADD = Kernel("elementwise", ("add",), ((1, 8, 4, 4), ()), ((1, 8, 4, 4),))
ALL = (STEM, DEPTHWISE, TRANSPOSED, LINEAR, MATMUL, ATTENTION, ADD)


@pytest.mark.parametrize("kernel", ALL, ids=lambda kernel: kernel.kind)
def test_a_key_says_everything(kernel):
    assert Kernel.of_key(kernel.key) == kernel


def test_a_key_can_be_read():
    assert STEM.key == "conv 1x3x224x224>1x32x112x112 k3x3 s2x2 conv2d+relu float32"
    assert DEPTHWISE.key == "depthwise_conv 1x32x56x56>1x32x56x56 k3x3 s1x1 d2x2 g32 conv2d float32"
    assert ADD.key == "elementwise 1x8x4x4,()>1x8x4x4 add float32"


@pytest.mark.parametrize(
    "key",
    [
        *("", "conv", STEM.key + "!", STEM.key.replace("conv ", "convolution ", 1), "a 1>1 b c"),
        *("elementwise 1xx8>8 add float32", "elementwise >8 add float32", "elementwise 8>8 add++ float32"),
        *("elementwise ٣>٣ add float32", f"elementwise {'9' * 5000}>8 add float32"),
    ],
)
def test_what_is_no_key_is_refused(key):
    with pytest.raises(ValueError, match="no kernel's key"):
        Kernel.of_key(key)


@pytest.mark.parametrize(
    "key",
    [
        "conv 1x4x8x8>1x8x8x8 k3x3 s1x1 g0 conv2d float32",
        "conv 1x4x8x8>1x8x8x8 k3x3 s1x1 g3 conv2d float32",
        "conv 1x16x8x8>1x8x8x8 k3x3 s1x1 g16 conv2d float32",
        "conv 4>8 k3x3 s1x1 conv2d float32",
        "conv 1x4x8x8>1x8x8x8 s1x1 conv2d float32",
        "conv 1x4x8x8>1x8x8x8 k3x3 conv2d float32",
        "conv 1x4x8x8>1x0x8x8 k3x3 s1x1 conv2d float32",
        "linear ()>8 linear float32",
        "attention 1x4x49x32,1x4x64x32>1x4x49x16 scaled_dot_product_attention float32",
        "elementwise 9999999999x9999999999>1 add float32",
    ],
)
def test_extents_that_nothing_has_are_refused(key):
    with pytest.raises(ValueError, match="no kernel that a device could run"):
        Kernel.of_key(key).check_extents()


@pytest.mark.parametrize("kernel", ALL, ids=lambda kernel: kernel.kind)
def test_extents_of_kernels_are_taken(kernel):
    kernel.check_extents()


@pytest.mark.parametrize(("runtime", "device"), [("tflite", "pixel4"), ("pytorch", "galaxy_s10")])
def test_extents_of_shipped_tables_are_taken(runtime, device):
    for kernel in read_table(runtime, device).kernels:
        kernel.check_extents()


def test_a_number_format_that_nothing_computes_in_is_refused():
    with pytest.raises(ValueError, match="float12"):
        Kernel("elementwise", ("add",), ((1,),), ((1,),), dtype="float12")


@pytest.mark.parametrize(
    ("kernel", "macs"),
    [
        (STEM, 32 * 112 * 112 * 3 * 9),
        (DEPTHWISE, 32 * 56 * 56 * 9),
        (TRANSPOSED, 64 * 16 * 16 * 32 * 4),
        (LINEAR, 196 * 64 * 256),
        (MATMUL, 4 * 49 * 49 * 32),
        (ATTENTION, 4 * 49 * 64 * 32 + 4 * 49 * 64 * 16),
        (ADD, 0),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_multiply_accumulates_follow_from_the_shapes(kernel, macs):
    assert kernel.macs == macs


def test_what_is_read_and_written_is_counted_with_the_weights():
    assert STEM.weights == 32 * 3 * 9
    assert STEM.bytes_read == 4 * (3 * 224 * 224 + 32 * 3 * 9)
    assert STEM.bytes_written == 4 * 32 * 112 * 112
    assert LINEAR.bytes_read == 2 * (196 * 64 + 64 * 256)
    assert DEPTHWISE.weights == 32 * 9
    assert ADD.bytes_read == 4 * (8 * 16 + 1)
