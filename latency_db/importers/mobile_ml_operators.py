"""Kernels of the operators that github.com/qed-usc/mobile-ml-benchmark timed, from one row for each of them.

What the files do not say is filled in here, the same way for all devices:

* A sum fused to an operator reads a second tensor of the result's shape, unless a product is fused, too: then both are
  of constants, as of a batch norm.
* Depthwise convolutions in TFLite read pictures that were padded before, all of them. Here they read the pictures
  as they were, as they do in graphs; convolutions, of which there are both, take as long either way.
* A concatenation gives its first input, their number and the result; the other inputs share the rest evenly.
* A product in PyTorch is that of a squeeze and excitation block, with one factor for each channel.
* A convolution in PyTorch clamps or not; the file does not say.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from latency_db.kernel import Kernel, Kind, Shape

Row = Mapping[str, str]


_FUSED = {
    "": (),
    "relu": ("relu",),
    "hard": ("hardswish",),
    "sigmoid": ("sigmoid",),
    "add": ("add",),
    "add+relu": ("add", "relu"),
    "mul+relu": ("mul", "relu"),
    "add+mul+relu": ("mul", "add", "relu"),
    "minimum+relu": ("relu6",),
}
"""What is fused, as the TFLite file says it -> operators in the order in which they run"""


_SHAPES = {
    "in_hw": "Input_shape",
    "in_ch": "Input_channel",
    "out_hw": "Output_shape",
    "out_ch": "Filter",
    "kernel": "Kernel",
    "stride": "Stride",
    "groups": "Group",
}
"""Cell of a row -> what the TFLite file calls it among an operator's features"""


def is_pair(gpu_kernel: str) -> bool:
    """Whether a depthwise convolution and the pointwise one after it ran as one, whose time stands at both."""
    return gpu_kernel.startswith("depthwise_conv_plus_")


def row_of(operation: str, feature: str, gpu_kernel: str, runtime: str) -> Row:
    """A row from what the published file says of an operator: its features as a Python dict, and what the GPU ran, such
    as `convolution_2d_16_linked_:_add_17_linked_:_relu_18`. Raises `ValueError`."""
    row = {"op": operation, "raw_features": feature, "gpu_kernel": gpu_kernel}
    if runtime != "tflite":
        return row
    try:
        stated = ast.literal_eval(feature)
        shapes = {cell: str(stated[name]) for cell, name in _SHAPES.items()}
    except (KeyError, SyntaxError, TypeError, ValueError):
        raise ValueError(f"{feature[:60]!r} does not say {', '.join(_SHAPES.values())}") from None
    linked = sorted(part.partition("_")[0] for part in gpu_kernel.split(_LINKED)[1:])
    return row | shapes | ({"gpu_kernel": f"fused:{'+'.join(linked)}"} if linked else {})


_LINKED = "_linked_:_"
"""Before the name of each operator that the GPU delegate fuses"""


def tflite_kernel(row: Row) -> Kernel:
    """The kernel of a row of the TFLite file. Raises `KeyError` for an operator or fusion that is not known."""
    fused = _FUSED[row["gpu_kernel"].partition("fused:")[2]]
    operator, channels = row["op"], int(row["in_ch"])
    if operator == "FULLY_CONNECTED":
        return Kernel("linear", ("linear",), ((1, channels),), ((1, int(row["out_ch"])),))
    size = int(row["in_hw"])
    if operator == "MEAN":
        return _pooled("mean", channels, size, 1, size, 1, ())
    out, window = int(row["out_hw"]), int(row["kernel"])
    if operator == "CONCATENATION":
        return _concatenated(channels, int(row["out_ch"]), window, size, fused)
    stride = int(row["stride"])
    if operator in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
        name = "max_pool2d" if operator == "MAX_POOL_2D" else "avg_pool2d"
        return _pooled(name, channels, size, out, window, stride, fused)
    groups = {"CONV_2D": 1, "CONV_2D_GROUP": int(row["groups"]), "DEPTHWISE_CONV_2D": channels}[operator]
    if operator == "DEPTHWISE_CONV_2D":  # whose `out_ch` is a multiplier
        shapes = (channels, out * stride), (channels * int(row["out_ch"]), out)
    else:
        shapes = (channels, size), (int(row["out_ch"]), out)
    return _convolution(*shapes, window, stride, groups, fused)


def pytorch_kernel(row: Row) -> Kernel:
    """The kernel of a row of the PyTorch file. Raises `KeyError` for an operator that is not known."""
    operator = row["op"].rpartition("::")[2]
    features: dict[str, Any] = ast.literal_eval(row["raw_features"])
    if operator == "run_linear_context":
        return Kernel("linear", ("linear",), ((1, features["input_shape"]),), ((1, features["output_shape"]),))
    channels, size = features["input_channel"], features["input_shape"]
    if operator == "run_conv2d_context":
        out_channels, window = features["output_channel"], features["kernel_size"]
        groups = channels * out_channels * window**2 // features["filter_size"]
        out = (out_channels, features["output_shape"])
        return _convolution((channels, size), out, window, features["stride"], groups, ())
    if operator == "adaptive_avg_pool2d" or (operator == "avg_pool2d" and "kernel_size" not in features):
        return _pooled("mean", channels, size, 1, size, 1, ())
    if operator in ("max_pool2d", "avg_pool2d"):
        out, window, stride = (features[name] for name in ("output_shape", "kernel_size", "stride"))
        return _pooled(operator, channels, size, out, window, stride, ())
    shape = (1, channels, size, size)
    kind, name, second = _BY_ELEMENT[operator]
    others = {"none": (), "tensor": (shape,), "gate": ((1, channels, 1, 1),)}[second]
    return Kernel(kind, (name,), (shape, *others), (shape,))


_BY_ELEMENT: dict[str, tuple[Kind, str, str]] = {
    "run_batchnorm_context": ("normalisation", "batch_norm", "none"),
    "add": ("elementwise", "add", "tensor"),
    "mul": ("elementwise", "mul", "gate"),
    "relu": ("elementwise", "relu", "none"),
    "clamp": ("elementwise", "relu6", "none"),
    "hardswish": ("elementwise", "hardswish", "none"),
    "sigmoid": ("elementwise", "sigmoid", "none"),
}
"""PyTorch's operator -> kind, name and second operand"""


KERNEL_OF: dict[str, Callable[[Row], Kernel]] = {"tflite": tflite_kernel, "pytorch": pytorch_kernel}
"""Runtime -> the kernel of a row of its file"""


def _convolution(
    taken: tuple[int, int], given: tuple[int, int], window: int, stride: int, groups: int, fused: tuple[str, ...]
) -> Kernel:
    """Of (channels, rows) into (channels, rows)."""
    inputs, output = (1, taken[0], taken[1], taken[1]), (1, given[0], given[1], given[1])
    kind: Kind = "depthwise_conv" if 1 < groups == taken[0] else "conv"
    return Kernel(
        kind,
        ("conv2d", *fused),
        (inputs, *_summand(output, fused)),
        (output,),
        (window, window),
        (stride, stride),
        groups=groups,
    )


def _pooled(name: str, channels: int, size: int, out: int, window: int, stride: int, fused: tuple[str, ...]) -> Kernel:
    inputs, output = (1, channels, size, size), (1, channels, out, out)
    if (window, out) == (size, 1):
        return Kernel("pooling", ("mean" if name == "avg_pool2d" else name, *fused), (inputs,), (output,))
    extra = _summand(output, fused)
    return Kernel("pooling", (name, *fused), (inputs, *extra), (output,), (window, window), (stride, stride))


def _concatenated(first: int, total: int, number: int, size: int, fused: tuple[str, ...]) -> Kernel:
    share, left = divmod(total - first, number - 1)
    channels = [first] + [share + (place < left) for place in range(number - 1)]
    inputs = tuple((1, count, size, size) for count in channels)
    output = (1, total, size, size)
    return Kernel("data_movement", ("cat", *fused), (*inputs, *_summand(output, fused)), (output,))


def _summand(output: Shape, fused: tuple[str, ...]) -> tuple[Shape, ...]:
    return (output,) if "add" in fused and "mul" not in fused else ()
