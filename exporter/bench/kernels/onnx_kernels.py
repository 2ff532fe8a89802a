"""A kernel as an ONNX model, written node by node in milliseconds; lowering a module by way of PyTorch takes a second.

Convolutions are laid out as within a model (`onnx_blocks.py`): they take and give tensors in blocks of channels.

What a key leaves open is chosen as in `modules.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.backends.onnx import OPSET
from exporter.bench.kernels.onnx_blocks import IR_VERSION, in_blocks
from exporter.errors import VitexportError
from latency_db.kernel import Kernel, Shape

_BLOCKED = {"conv", "depthwise_conv"}
"""Kinds that ONNX Runtime computes in blocks of channels"""


class NoOnnxKernel(VitexportError):
    """A kernel that nobody has said how to write in ONNX."""


def onnx_kernel(kernel: Kernel, path: Path) -> dict[str, Shape]:
    """Write a kernel, and return the shapes of its inputs. Raises `NoOnnxKernel`, naming it, where none is known."""
    model = None
    if kernel.kind in _BLOCKED:
        alone, adds = _without_addition(kernel)
        model = in_blocks(_Writer(alone).model(), adds)
    model = model or _Writer(kernel).model()
    path.write_bytes(model.SerializeToString())
    return {value.name: tuple(one.dim_value for one in value.type.tensor_type.shape.dim) for value in model.graph.input}


class _Writer:
    """Writes the operators of a kernel one behind the other."""

    def __init__(self, kernel: Kernel) -> None:
        if kernel.dtype != "float32":
            raise NoOnnxKernel(f"'{kernel.key}' is not of float32, in which kernels are timed here.")
        self.kernel = kernel
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs = {f"x{place}": shape for place, shape in enumerate(kernel.inputs)}
        self.left = list(self.inputs)
        """Inputs that no operator has taken yet"""
        self.random = np.random.default_rng(0)

    def model(self) -> Any:
        from onnx import TensorProto, helper

        first, *fused = self.kernel.operations
        if self.kernel.kind == "elementwise":
            results = [self.take()]
            fused = list(self.kernel.operations)
        elif (write := _WRITERS.get(first)) is not None:
            results = write(self)
        else:
            raise self.unknown(first)
        for name in fused:
            results = [self.apply(name, results[0])]
        if self.left:
            raise self.unknown(f"{len(self.left)} of its inputs")
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in results]
        inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in self.inputs.items()]
        graph = helper.make_graph(self.nodes, "kernel", inputs, outputs, self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)

    def unknown(self, what: str) -> NoOnnxKernel:
        return NoOnnxKernel(f"Nobody has said how '{self.kernel.key}' is written in ONNX ({what}).")

    def take(self) -> str:
        """The next input"""
        if not self.left:
            raise self.unknown("an operator without an input")
        return self.left.pop(0)

    def node(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> list[str]:
        from onnx import helper

        names = [f"v{len(self.nodes)}_{place}" for place in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names

    def constant(self, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def weight(self, *shape: int) -> str:
        fan_in = max(prod(shape[1:]), 1)
        return self.constant((self.random.standard_normal(shape) / fan_in**0.5).astype(np.float32))

    def shape(self, extents: Sequence[int]) -> str:
        return self.constant(np.array(extents, dtype=np.int64))

    def apply(self, name: str, given: str) -> str:
        """An operator that works element by element, on what is there and the next input or a number."""
        if name == "batch_norm":
            return given  # it is in the weights of the convolution
        if name in _UNARY:
            kind, attributes = _UNARY[name]
            if name == "silu":
                return self.node("Mul", given, self.node("Sigmoid", given)[0])[0]
            limits = [self.constant(np.array(limit, dtype=np.float32)) for limit in _LIMITS.get(name, ())]
            return self.node(kind, given, *limits, **attributes)[0]
        if name not in _BINARY:
            raise self.unknown(name)
        if not self.left:
            return self.node(_BINARY[name], given, self.constant(np.array(0.5, dtype=np.float32)))[0]
        other = self.take()
        if given not in self.inputs and not _fits(self.inputs[other], self.kernel.outputs[0]):
            given = self.node("Reshape", given, self.shape(self.inputs[other]))[0]
        return self.node(_BINARY[name], given, other)[0]


def _fits(shape: Shape, result: Shape) -> bool:
    """Whether a tensor can be combined with one of the result's shape and leave it that."""
    try:
        return np.broadcast_shapes(shape, result) == result
    except ValueError:
        return False


def _convolution(write: _Writer) -> list[str]:
    kernel = write.kernel
    read, made = kernel.inputs[0], kernel.outputs[0]
    dilation = kernel.dilation or (1,) * len(kernel.window)
    sides = zip(read[2:], made[2:], kernel.window, kernel.stride, dilation, strict=True)
    pads = [_padding(*side) for side in sides]
    weight = write.weight(made[1], read[1] // kernel.groups, *kernel.window)
    return write.node(
        "Conv",
        write.take(),
        weight,
        write.weight(made[1]),
        group=kernel.groups,
        strides=kernel.stride,
        dilations=dilation,
        pads=[*(low for low, _ in pads), *(high for _, high in pads)],
    )


def _padding(read: int, made: int, window: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Before and after; the same as far as that is possible"""
    total = max((made - 1) * stride + dilation * (window - 1) + 1 - read, 0)
    total += total % 2 if (read + total + total % 2 - dilation * (window - 1) - 1) // stride + 1 == made else 0
    return total // 2, total - total // 2


def _linear(write: _Writer) -> list[str]:
    read, made = write.kernel.inputs[0], write.kernel.outputs[0]
    weight, bias = write.weight(read[-1], made[-1]), write.weight(made[-1])
    if len(read) == 2:
        return write.node("Gemm", write.take(), weight, bias)
    return write.node("Add", write.node("MatMul", write.take(), weight)[0], bias)


def _matmul(write: _Writer) -> list[str]:
    return write.node("MatMul", write.take(), write.take())


def _layer_norm(write: _Writer) -> list[str]:
    channels = write.kernel.inputs[0][-1]
    return write.node("LayerNormalization", write.take(), write.weight(channels), write.weight(channels), axis=-1)


def _group_norm(write: _Writer) -> list[str]:
    """One group, as PyTorch's exporter writes it before operator set 21."""
    shape = write.kernel.inputs[0]
    one, zero = write.constant(np.ones(1, dtype=np.float32)), write.constant(np.zeros(1, dtype=np.float32))
    flat = write.node("Reshape", write.take(), write.shape((shape[0], 1, -1)))[0]
    normed = write.node("Reshape", write.node("InstanceNormalization", flat, one, zero)[0], write.shape(shape))[0]
    each = (shape[1], *(1,) * (len(shape) - 2))
    scaled = write.node("Mul", normed, write.weight(*each))[0]
    return write.node("Add", scaled, write.weight(*each))


def _batch_norm(write: _Writer) -> list[str]:
    channels = write.kernel.inputs[0][1]
    values = [write.weight(channels) for _ in range(3)]
    return write.node("BatchNormalization", write.take(), *values, write.constant(np.ones(channels, dtype=np.float32)))


def _softmax(write: _Writer) -> list[str]:
    return write.node("Softmax", write.take(), axis=-1)


def _pooling(kind: str) -> Callable[[_Writer], list[str]]:
    def pooled(write: _Writer) -> list[str]:
        kernel = write.kernel
        sides = zip(kernel.inputs[0][2:], kernel.outputs[0][2:], kernel.window, kernel.stride, strict=True)
        pads = [_padding(*side) for side in sides]
        edges = [*(low for low, _ in pads), *(high for _, high in pads)]
        return write.node(kind, write.take(), kernel_shape=kernel.window, strides=kernel.stride, pads=edges)

    return pooled


def _reduction(kind: str) -> Callable[[_Writer], list[str]]:
    """Over the axes that are gone or are 1 in the result; those of the pixels where shapes leave it open."""

    def reduced(write: _Writer) -> list[str]:
        read, made = write.kernel.inputs[0], write.kernel.outputs[0]
        if len(read) == len(made):
            axes = [axis for axis, (given, kept) in enumerate(zip(read, made, strict=True)) if given != kept]
            keep = 1
        else:
            count = len(read) - len(made)
            places = range(len(read) - count, -1, -1)
            start = next((at for at in places if (*read[:at], *read[at + count :]) == made), None)
            if start is None:
                raise write.unknown("the axes of its sum")
            axes, keep = list(range(start, start + count)), 0
        return write.node(kind, write.take(), write.shape(axes or [len(read) - 1]), keepdims=keep)

    return reduced


def _transpose(write: _Writer) -> list[str]:
    from itertools import permutations

    read, made = write.kernel.inputs[0], write.kernel.outputs[0]
    fits = [order for order in permutations(range(len(read))) if tuple(read[axis] for axis in order) == made]
    moving = [order for order in fits if list(order) != sorted(order)]
    if not moving:
        raise write.unknown("the order of its axes")
    return write.node("Transpose", write.take(), perm=moving[0])


def _concatenation(write: _Writer) -> list[str]:
    inputs, made = write.kernel.inputs, write.kernel.outputs[0]
    axes = [axis for axis, extent in enumerate(made) if sum(shape[axis] for shape in inputs) == extent]
    if not axes or any(len(shape) != len(made) for shape in inputs):
        raise write.unknown("the axis along which it puts together")
    return write.node("Concat", *[write.take() for _ in inputs], axis=axes[0])


def _split(write: _Writer) -> list[str]:
    read, made = write.kernel.inputs[0], write.kernel.outputs
    axes = [axis for axis, extent in enumerate(read) if sum(shape[axis] for shape in made) == extent]
    if not axes or any(len(shape) != len(read) for shape in made):
        raise write.unknown("the axis along which it splits")
    sizes = write.shape([shape[axes[0]] for shape in made])
    return write.node("Split", write.take(), sizes, outputs=len(made), axis=axes[0])


def _slice(write: _Writer) -> list[str]:
    read, made = write.kernel.inputs[0], write.kernel.outputs[0]
    if len(read) != len(made):
        raise write.unknown("the axis that it selects from")
    axes = [axis for axis, (given, kept) in enumerate(zip(read, made, strict=True)) if given != kept]
    bounds = [write.shape([0] * len(axes)), write.shape([made[axis] for axis in axes]), write.shape(axes)]
    return write.node("Slice", write.take(), *bounds)


def _expand(write: _Writer) -> list[str]:
    return write.node("Expand", write.take(), write.shape(write.kernel.outputs[0]))


def _pixel_shuffle(write: _Writer) -> list[str]:
    size = write.kernel.outputs[0][-1] // write.kernel.inputs[0][-1]
    return write.node("DepthToSpace", write.take(), blocksize=size, mode="CRD")


def _pixel_unshuffle(write: _Writer) -> list[str]:
    """SpaceToDepth has the blocks before the channels, so that PyTorch's exporter writes a transposition."""
    batch, channels, rows, columns = write.kernel.inputs[0]
    size = columns // write.kernel.outputs[0][-1]
    parts = write.shape((batch, channels, rows // size, size, columns // size, size))
    moved = write.node("Transpose", write.node("Reshape", write.take(), parts)[0], perm=(0, 1, 3, 5, 2, 4))[0]
    return write.node("Reshape", moved, write.shape(write.kernel.outputs[0]))


def _resize(mode: str) -> Callable[[_Writer], list[str]]:
    def resized(write: _Writer) -> list[str]:
        attributes: dict[str, Any] = {"mode": mode}
        if mode == "nearest":
            attributes |= {"nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
        return write.node("Resize", write.take(), "", "", write.shape(write.kernel.outputs[0]), **attributes)

    return resized


_WRITERS: Mapping[str, Callable[[_Writer], list[str]]] = {
    "conv2d": _convolution,
    "conv1d": _convolution,
    "linear": _linear,
    "addmm": _linear,
    "matmul": _matmul,
    "bmm": _matmul,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "batch_norm": _batch_norm,
    "softmax": _softmax,
    "avg_pool2d": _pooling("AveragePool"),
    "max_pool2d": _pooling("MaxPool"),
    "adaptive_avg_pool2d": lambda write: write.node("GlobalAveragePool", write.take()),
    "mean": _reduction("ReduceMean"),
    "sum": _reduction("ReduceSum"),
    "amax": _reduction("ReduceMax"),
    "transpose": _transpose,
    "permute": _transpose,
    "cat": _concatenation,
    "split": _split,
    "chunk": _split,
    "split_with_sizes": _split,
    "slice": _slice,
    "expand": _expand,
    "pixel_shuffle": _pixel_shuffle,
    "pixel_unshuffle": _pixel_unshuffle,
    "upsample_bilinear2d": _resize("linear"),
    "upsample_nearest2d": _resize("nearest"),
}
"""First operator of a kernel -> what writes it"""

_UNARY: Mapping[str, tuple[str, dict[str, Any]]] = {
    "relu": ("Relu", {}),
    "relu6": ("Clip", {}),
    "clamp": ("Clip", {}),
    "hardtanh": ("Clip", {}),
    "sigmoid": ("Sigmoid", {}),
    "silu": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "gelu": ("Gelu", {}),
    "hardswish": ("HardSwish", {}),
    "hardsigmoid": ("HardSigmoid", {"alpha": 1 / 6}),
    "leaky_relu": ("LeakyRelu", {}),
    "exp": ("Exp", {}),
    "neg": ("Neg", {}),
    "abs": ("Abs", {}),
    "sqrt": ("Sqrt", {}),
    "reciprocal": ("Reciprocal", {}),
}
_LIMITS = dict.fromkeys(("relu6", "clamp", "hardtanh"), (0.0, 6.0))
_BINARY = {"add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "pow": "Pow", "minimum": "Min", "rsub": "Sub"}


def _without_addition(kernel: Kernel) -> tuple[Kernel, bool]:
    """The kernel without the addition of another result of its shape, and whether there was one."""
    if "add" not in kernel.operations or kernel.inputs[-1] != kernel.outputs[0] or len(kernel.inputs) != 2:
        return kernel, False
    names = list(kernel.operations)
    names.remove("add")
    return replace(kernel, operations=tuple(names), inputs=kernel.inputs[:1]), True
