"""Multiply-accumulates of a program's operators: what its speed is measured by, and what a delegate's share is of."""

from collections.abc import Callable
from math import prod
from typing import Any

from torch import fx
from torch._ops import OpOverload

Shape = tuple[int, ...]


def macs(node: fx.Node) -> int:
    """Multiply-accumulates of one call: of a convolution, a linear layer, a matrix product, attention; 0 of all else.

    Takes captured programs and those of ExecuTorch's edge dialect, whose operators have the same names.
    """
    if node.op != "call_function":
        return 0
    _, _, overloaded = operator_name(node).partition(".")
    name = overloaded.partition(".")[0]
    if name == "convolution" and node.args[6]:
        name = "conv_transpose2d"
    count = _COUNTS.get(name)
    return 0 if count is None else count(_shape(node), *map(_shape, node.args[:3]))


def operator_name(node: fx.Node) -> str:
    """Namespace, operator and overload of a call, for instance `aten.conv2d.default`."""
    target: Any = node.target
    # ExecuTorch's edge operators have it as their name, PyTorch's as their text.
    return str(target) if isinstance(target, OpOverload) else str(target.__name__)


def _shape(value: object) -> Shape:
    return tuple(getattr(value.meta.get("val"), "shape", ())) if isinstance(value, fx.Node) else ()


def _convolution(out: Shape, x: Shape, weight: Shape, *_: Shape) -> int:
    return prod(out) * prod(weight[1:])


def _transposed_convolution(out: Shape, x: Shape, weight: Shape, *_: Shape) -> int:
    return prod(x) * prod(weight[1:])


def _product(out: Shape, left: Shape, *_: Shape) -> int:
    return prod(out) * left[-1]


def _product_after_bias(out: Shape, bias: Shape, left: Shape, right: Shape) -> int:
    return prod(out) * left[-1]


def _attention(out: Shape, query: Shape, key: Shape, value: Shape) -> int:
    return prod(query) * key[-2] + prod(out) * key[-2]


_COUNTS: dict[str, Callable[..., int]] = {
    "conv2d": _convolution,
    "convolution": _convolution,
    "conv_transpose2d": _transposed_convolution,
    "linear": _product,
    "mm": _product,
    "bmm": _product,
    "matmul": _product,
    "addmm": _product_after_bias,
    "scaled_dot_product_attention": _attention,
}
