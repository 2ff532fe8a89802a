"""Cuts a graph's operators into the kernels that latency tables are keyed by.

What runs as one kernel differs by runtime: `FUSIONS` has it as data. Each operator that computes something is in
exactly one kernel, so that the kernels of a graph have all of its multiply-accumulates.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from exporter.operations.operation import Operation, Value
from exporter.operations.written_out import with_hard_swish
from latency_db.kernel import CONVOLUTIONS, Kernel, Kind, Shape


@dataclass(frozen=True)
class Fusion:
    """What a runtime computes along with what comes before it, in the same kernel."""

    to_products: frozenset[str] = frozenset()
    """Operators that go with the convolution, linear layer or matrix product whose result they take"""
    to_elementwise: frozenset[str] = frozenset()
    """Those that go with another elementwise operator"""
    whole_attention: bool = False
    """Whether attention is one kernel, not product, softmax and product"""
    hard_swish: bool = False
    """Whether a hard swish that the model writes out is one operator"""


_CLAMPS = frozenset({"relu", "relu6", "clamp", "hardtanh"})
_ACTIVATIONS = _CLAMPS | {"sigmoid", "tanh", "hardsigmoid", "hardswish", "silu", "gelu", "leaky_relu", "elu", "prelu"}
_ARITHMETIC = frozenset({"add", "sub", "rsub", "mul", "div", "pow", "neg", "abs", "sqrt", "rsqrt", "exp", "minimum"})
_CHAINS = Fusion(_ACTIVATIONS | _ARITHMETIC, _ACTIVATIONS | _ARITHMETIC)

FUSIONS: Mapping[tuple[str, str], Fusion] = {
    ("tflite", "cpu"): Fusion(_CLAMPS, _CLAMPS, hard_swish=True),
    ("tflite", "gpu"): replace(_CHAINS, hard_swish=True),
    ("executorch", "cpu"): Fusion(_CLAMPS, _CLAMPS),
    ("onnx", "cpu"): Fusion(_CLAMPS | {"sigmoid", "tanh", "hardsigmoid", "leaky_relu", "add"}),
    ("coreml", "cpu"): replace(_CHAINS, whole_attention=True),
    ("coreml", "gpu"): replace(_CHAINS, whole_attention=True),
    ("coreml", "npu"): replace(_CHAINS, whole_attention=True),
    ("pytorch", "cpu"): Fusion(_CLAMPS | {"hardswish"}),
    ("pytorch", "gpu"): Fusion(_CLAMPS),
}
"""(runtime, compute unit) -> its fusion. XNNPACK, which TFLite and ExecuTorch run on CPUs, clamps in the operator
before; TFLite's GPU delegate links chains of elementwise operators into it (its kernels' names say so); ONNX Runtime
has `ConvActivationFusion` and `ConvAddActivationFusion`, PyTorch Mobile prepacked contexts."""


def kernels(operations: Iterable[Operation], returned: Collection[str], fusion: Fusion) -> list[Kernel]:
    """The kernels of a graph that returns the values of these names, in the order in which their first operators come.

    Raises `ValueError` for a product of which nobody has said how its arithmetic is counted.
    """
    calls = with_hard_swish(operations, returned) if fusion.hard_swish else list(operations)
    return _Cut(fusion, _Readers.of(calls, returned)).of(calls)


@dataclass(frozen=True)
class _Readers:
    """How often values are read, under whatever shape."""

    viewed: Mapping[str, str]
    """Value that only has another shape -> the one that was computed"""
    number: Mapping[str, int]
    """Value that was computed -> how many read it; who calls the graph reads what it returns."""

    @classmethod
    def of(cls, calls: Iterable[Operation], returned: Iterable[str]) -> _Readers:
        viewed: dict[str, str] = {}
        read: list[str] = []
        for call in calls:
            if call.inputs and call.outputs and _is_free(base_name(call), call):
                given = call.inputs[0].name
                viewed.update((value.name, viewed.get(given, given)) for value in call.outputs)
            elif call.outputs:
                read += [value.name for value in call.inputs]
        return cls(viewed, Counter(viewed.get(name, name) for name in (*read, *returned)))

    def only_one(self, value: Value) -> bool:
        return self.number[self.viewed.get(value.name, value.name)] == 1


class _Cut:
    """A walk through a graph that remembers which kernel made each value."""

    def __init__(self, fusion: Fusion, readers: _Readers) -> None:
        self.fusion = fusion
        self.readers = readers
        self.made: list[Kernel] = []
        self.made_by: dict[str, int] = {}
        """Value -> the number of the kernel that wrote it, be it under another shape"""
        self.constants: set[str] = set()

    def of(self, operations: Iterable[Operation]) -> list[Kernel]:
        for call in operations:
            if not call.outputs:
                continue
            name = base_name(call)
            operation = replace(call, inputs=_bias_last(name, call.inputs))
            given = [value for value in operation.inputs if not self._is_constant(value)]
            if not given:
                self.constants.update(value.name for value in operation.outputs)
            elif _is_free(name, operation):
                self._alias(given[0], operation)
            elif (host := self._host(name, given, operation)) is not None:
                self._fuse(host, name, operation)
            else:
                self._add(name, operation)
        return self.made

    def _is_constant(self, value: Value) -> bool:
        return value.constant is not None or value.name in self.constants

    def _alias(self, given: Value, operation: Operation) -> None:
        if given.name in self.made_by:
            self.made_by.update((value.name, self.made_by[given.name]) for value in operation.outputs)

    def _host(self, name: str, given: Sequence[Value], operation: Operation) -> int | None:
        """The last kernel before this operator that computes it, too."""
        size = prod(_shape(operation.outputs[0]))
        numbers = [
            self.made_by[value.name]
            for value in given
            if value.name in self.made_by and self.readers.only_one(value) and value.elements == size
        ]
        number = max(numbers, default=None)
        return number if number is not None and self._takes(self.made[number], name) else None

    def _takes(self, kernel: Kernel, name: str) -> bool:
        if kernel.kind in CONVOLUTIONS or kernel.kind in ("linear", "matmul"):
            # A batch norm right behind a convolution is part of its weights.
            return name in self.fusion.to_products or (name == "batch_norm" and kernel.operations == ("conv2d",))
        return kernel.kind == "elementwise" and name in self.fusion.to_elementwise

    def _fuse(self, number: int, name: str, operation: Operation) -> None:
        host = self.made[number]
        read = operation.inputs[:1] if name == "batch_norm" else operation.inputs
        others = tuple(_shape(value) for value in read if self.made_by.get(value.name) != number)
        self.made[number] = replace(host, operations=(*host.operations, name), inputs=(*host.inputs, *others))
        self._wrote(number, operation)

    def _wrote(self, number: int, operation: Operation) -> None:
        self.made_by.update((value.name, number) for value in operation.outputs)

    def _add(self, name: str, operation: Operation) -> None:
        if name == "scaled_dot_product_attention" and not self.fusion.whole_attention:
            self.made += _parts_of_attention(operation)
        else:
            self.made.append(_kernel(name, operation, [self._is_constant(value) for value in operation.inputs]))
        self._wrote(len(self.made) - 1, operation)


def base_name(operation: Operation) -> str:
    """`add` of `aten.add.Tensor`; an operator in place has the name of the one that is not."""
    _, _, overloaded = operation.kind.partition(".")
    return (overloaded.partition(".")[0] or operation.kind).rstrip("_")


def _bias_last(name: str, inputs: tuple[Value, ...]) -> tuple[Value, ...]:
    """What is multiplied comes first in all operators but these."""
    return (*inputs[1:], inputs[0]) if name in ("addmm", "baddbmm") else inputs


def _kernel(name: str, operation: Operation, constant: Sequence[bool]) -> Kernel:
    kind = _kind(name, operation, constant)
    attributes = operation.attributes
    read = operation.inputs[:1] if kind in _WEIGHTED else operation.inputs
    inputs = tuple(_shape(value) for value in read)
    outputs = tuple(_shape(value) for value in operation.outputs)
    dtype = operation.outputs[0].dtype if kind in _WEIGHTED else read[0].dtype
    plain = Kernel(kind, (name,), inputs, outputs, dtype=dtype)
    if kind in CONVOLUTIONS:
        window = _shape(operation.inputs[1])[2:]
        return replace(
            plain,
            window=window,
            stride=_each(attributes["stride"], window),
            dilation=() if prod(_each(attributes["dilation"], window)) == 1 else _each(attributes["dilation"], window),
            groups=attributes["groups"],
        )
    if kind == "pooling" and attributes.get("kernel_size"):
        window = tuple(attributes["kernel_size"])
        return replace(plain, window=window, stride=_each(attributes.get("stride") or window, window))
    return plain


def _kind(name: str, operation: Operation, constant: Sequence[bool]) -> Kind:
    if name in ("conv1d", "conv2d", "convolution"):
        if operation.attributes.get("transposed"):
            return "transposed_conv"
        groups = operation.attributes["groups"]
        return "depthwise_conv" if groups > 1 and groups == operation.inputs[0].shape[1] else "conv"
    if name in ("matmul", "mm", "addmm") and constant[1] and operation.inputs[1].rank == 2:
        return "linear"
    if name not in _KINDS and _PRODUCT.search(name):
        raise ValueError(f"{operation.kind} multiplies and is of no kind that is known: add it to `_BY_KIND`")
    return _KINDS.get(name, "elementwise")


def _parts_of_attention(operation: Operation) -> list[Kernel]:
    query, key, value, *bias = (_shape(given) for given in operation.inputs)
    dtype = operation.outputs[0].dtype
    weights = (*query[:-1], key[-2])
    swapped = (*key[:-2], key[-1], key[-2])
    scale = ("matmul", "mul", "add") if bias else ("matmul", "mul")
    return [
        Kernel("matmul", scale, (query, swapped, *bias), (weights,), dtype=dtype),
        Kernel("softmax", ("softmax",), (weights,), (weights,), dtype=dtype),
        Kernel("matmul", ("matmul",), (weights, value), (_shape(operation.outputs[0]),), dtype=dtype),
    ]


def _is_free(name: str, operation: Operation) -> bool:
    [given, *_], [made, *_] = operation.inputs, operation.outputs
    as_it_was = name in ("to", "_to_copy") and given.dtype == made.dtype
    return name in _FREE or as_it_was or prod(_shape(made)) == 0


def _shape(value: Value) -> Shape:
    return tuple(extent or 1 for extent in value.shape)


def _each(extents: Any, window: Shape) -> Shape:
    """One number for each side of a window."""
    given = tuple(extents) if isinstance(extents, list | tuple) else (extents,)
    return given * len(window) if len(given) == 1 else given


_WEIGHTED = CONVOLUTIONS | {"linear", "normalisation"}
"""Kinds of which weights are not counted among what is read"""

_FREE = {
    "view", "reshape", "flatten", "unflatten", "unsqueeze", "squeeze", "alias", "detach", "dropout", "contiguous",
    "_assert_tensor_metadata", "lift_fresh", "identity", "view_as", "reshape_as",
}  # fmt: skip
"""They only give a value another shape, or nothing."""

_BY_KIND: dict[Kind, str] = {
    "transposed_conv": "conv_transpose2d",
    "linear": "linear",
    "matmul": "matmul mm addmm bmm baddbmm einsum",
    "attention": "scaled_dot_product_attention",
    "normalisation": "layer_norm group_norm batch_norm instance_norm rms_norm native_layer_norm native_group_norm",
    "softmax": "softmax _softmax log_softmax",
    "pooling": "max_pool2d avg_pool2d adaptive_avg_pool2d adaptive_max_pool2d avg_pool1d adaptive_avg_pool1d mean sum "
    "amax amin max min argmax argmin linalg_vector_norm norm var std any all prod",
    "resampling": "upsample_bilinear2d upsample_nearest2d upsample_bicubic2d grid_sampler interpolate",
    "data_movement": "transpose permute movedim swapaxes t cat concat stack slice select narrow chunk split "
    "split_with_sizes unbind expand expand_as repeat repeat_interleave tile clone copy to _to_copy pad constant_pad_nd "
    "roll flip index index_select gather take scatter index_put slice_scatter select_scatter embedding pixel_shuffle "
    "pixel_unshuffle channel_shuffle unfold im2col col2im masked_fill",
}
_KINDS: dict[str, Kind] = {name: kind for kind, names in _BY_KIND.items() for name in names.split()}
"""Operator -> its kind; all others work element by element."""

_PRODUCT = re.compile(r"conv(?!ert)|mm$|attention")
"""Names of operators that multiply, and so are none of the others"""
