"""Multiply-accumulates of operators: what speed is measured by, and what a delegate's share is of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from exporter.operations.operation import Operation

Shape = tuple[int, ...]


def macs(operation: Operation) -> int:
    """Multiply-accumulates of one call: of a convolution, a linear layer, a matrix product, attention; 0 of all else.

    Takes operators of captured programs, of ExecuTorch's edge dialect, which have the same names, of MIL and of TFLite.
    An extent that is not fixed counts as 1.
    """
    count = _COUNTS.get(_name(operation))
    if count is None:
        return 0
    given = [operation.named[name] for name in count.named] if operation.named else operation.inputs
    return count.of(_extents(operation.outputs[0].shape), [_extents(value.shape) for value in given], operation)


def _name(operation: Operation) -> str:
    """Name of the operator without namespace and overload."""
    _, _, overloaded = operation.kind.partition(".")
    name = overloaded.partition(".")[0] or operation.kind
    return "conv_transpose" if name == "convolution" and operation.attributes.get("transposed") else name


def _extents(shape: tuple[int | None, ...]) -> Shape:
    return tuple(extent or 1 for extent in shape)


def _convolution(out: Shape, given: Sequence[Shape], operation: Operation) -> int:
    return prod(out) * prod(given[1][1:])


def _transposed_convolution(out: Shape, given: Sequence[Shape], operation: Operation) -> int:
    return prod(given[0]) * prod(given[1][1:])


def _product(out: Shape, given: Sequence[Shape], operation: Operation) -> int:
    transposed = operation.attributes.get("transpose_x") or operation.attributes.get("adjX")
    return prod(out) * given[0][-2 if transposed else -1]


def _fully_connected(out: Shape, given: Sequence[Shape], operation: Operation) -> int:
    return prod(out) * given[1][-1]  # what it is given may have more axes, which it flattens


def _depthwise_channels_last(out: Shape, given: Sequence[Shape], operation: Operation) -> int:
    return prod(out) * prod(given[1][1:3])


def _transposed_channels_last(out: Shape, given: Sequence[Shape], operation: Operation) -> int:
    _, weight, value, *_ = given  # the first is the shape of the result
    return prod(value) * prod(weight[:3])


def _product_after_bias(out: Shape, given: Sequence[Shape], operation: Operation) -> int:
    return prod(out) * given[1][-1]


def _attention(out: Shape, given: Sequence[Shape], operation: Operation) -> int:
    query, key = given[:2]
    return (prod(query) + prod(out)) * key[-2]


@dataclass(frozen=True)
class _Count:
    """How an operator's multiply-accumulates are counted, from the shapes of its result and of what it is given."""

    of: Callable[[Shape, Sequence[Shape], Operation], int]
    named: tuple[str, ...] = ()
    """What it is given, in MIL, where operators have names for it and no order"""


_COUNTS = {
    "conv": _Count(_convolution, ("x", "weight")),
    "conv2d": _Count(_convolution),
    "convolution": _Count(_convolution),
    "conv_transpose": _Count(_transposed_convolution, ("x", "weight")),
    "conv_transpose2d": _Count(_transposed_convolution),
    "linear": _Count(_product, ("x", "weight")),
    "mm": _Count(_product),
    "bmm": _Count(_product),
    "matmul": _Count(_product, ("x", "y")),
    "addmm": _Count(_product_after_bias),
    "scaled_dot_product_attention": _Count(_attention, ("query", "key")),
    "CONV_2D": _Count(_convolution),
    "DEPTHWISE_CONV_2D": _Count(_depthwise_channels_last),
    "TRANSPOSE_CONV": _Count(_transposed_channels_last),
    "FULLY_CONNECTED": _Count(_fully_connected),
    "BATCH_MATMUL": _Count(_product),
}
