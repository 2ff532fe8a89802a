"""The unit that latency tables are keyed by: an operator of a graph with what a runtime computes along with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Literal, get_args

Kind = Literal[
    "conv",
    "depthwise_conv",
    "transposed_conv",
    "linear",
    "matmul",
    "attention",
    "normalisation",
    "softmax",
    "pooling",
    "elementwise",
    "resampling",
    "data_movement",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

Shape = tuple[int, ...]

_BYTES = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "float16": 2, "bfloat16": 2, "int8": 1, "uint8": 1}
_BYTES["bool"] = 1
CONVOLUTIONS: frozenset[Kind] = frozenset({"conv", "depthwise_conv", "transposed_conv"})

_KEYS_KEPT = 1 << 14
"""Kernels that are read from a key once: the same few thousand were measured on every device."""


@dataclass(frozen=True)
class Kernel:
    """An operator, or several that run as one, at fixed shapes.

    Everything that costs time follows from these fields, and they follow from `key`: a table needs nothing but keys.
    """

    kind: Kind
    operations: tuple[str, ...]
    """ATen's names of what is computed, without namespace and overload: the operator that gives it its kind, and what
    is fused to it, in order; such as ("conv2d", "batch_norm", "relu")."""
    inputs: tuple[Shape, ...]
    """What is read, but for the weights of convolutions and linear layers. Batch first; channels second where there are
    rows and columns, else last."""
    outputs: tuple[Shape, ...]
    window: Shape = ()
    """Rows and columns of a convolution's or pooling's window; () of all else, and of a window that is the picture"""
    stride: Shape = ()
    dilation: Shape = ()
    """() where it is 1."""
    groups: int = 1
    """Of a convolution"""
    dtype: str = "float32"
    """Of what is computed, numpy's name"""

    def __post_init__(self) -> None:
        if self.dtype not in _BYTES:
            raise ValueError(f"a kernel of {self.dtype} is not known: name one of {', '.join(_BYTES)}")

    @property
    def macs(self) -> int:
        """Multiply-accumulates, as `torch.utils.flop_counter` counts them (which gives two operations for each)."""
        out, first = self.outputs[0], self.inputs[0]
        match self.kind:
            case "conv" | "depthwise_conv":
                return prod(out) * first[1] // self.groups * prod(self.window)
            case "transposed_conv":
                return prod(first) * out[1] // self.groups * prod(self.window)
            case "linear" | "matmul":
                return prod(out) * first[-1]
            case "attention":
                return (prod(first) + prod(out)) * self.inputs[1][-2]
        return 0

    @property
    def weights(self) -> int:
        """Number of weights, biases apart."""
        out, first = self.outputs[0], self.inputs[0]
        if self.kind in CONVOLUTIONS:
            return first[1] * out[1] // self.groups * prod(self.window)
        return first[-1] * out[-1] if self.kind == "linear" else 0

    @property
    def elements_read(self) -> int:
        """Without weights"""
        return sum(map(prod, self.inputs))

    @property
    def elements_written(self) -> int:
        return sum(map(prod, self.outputs))

    @property
    def bytes_read(self) -> int:
        """With weights"""
        return (self.elements_read + self.weights) * _BYTES[self.dtype]

    @property
    def bytes_written(self) -> int:
        return self.elements_written * _BYTES[self.dtype]

    @property
    def key(self) -> str:
        """One line that says all, such as `conv 1x3x224x224>1x32x112x112 k3x3 s2x2 conv2d+relu float32`."""
        words = [self.kind, f"{_joined(self.inputs)}>{_joined(self.outputs)}"]
        words += [
            letter + _text(value)
            for letter, value in (("k", self.window), ("s", self.stride), ("d", self.dilation))
            if value
        ]
        words += [f"g{self.groups}"] if self.groups != 1 else []
        return " ".join([*words, "+".join(self.operations), self.dtype])

    @classmethod
    @lru_cache(maxsize=_KEYS_KEPT)
    def of_key(cls, key: str) -> Kernel:
        """The kernel that has this key. Raises `ValueError`, naming it, where none has."""
        parsed = _KEY.fullmatch(key)
        if parsed is None or parsed["kind"] not in KINDS:
            raise ValueError(f"'{key}' is no kernel's key, which looks like this: {_EXAMPLE}")
        return cls(
            kind=parsed["kind"],
            operations=tuple(parsed["operations"].split("+")),
            inputs=tuple(map(_shape, parsed["inputs"].split(","))),
            outputs=tuple(map(_shape, parsed["outputs"].split(","))),
            window=_shape(parsed["window"] or ""),
            stride=_shape(parsed["stride"] or ""),
            dilation=_shape(parsed["dilation"] or ""),
            groups=int(parsed["groups"] or 1),
            dtype=parsed["dtype"],
        )

    def check_extents(self) -> None:
        """Raise `ValueError` where they are such that what it costs cannot be counted, as those of keys may be."""
        if not _can_run(self):
            raise ValueError(f"'{self.key[:_SHOWN]}' is no kernel that a device could run: check its extents")


_EXAMPLE = "conv 1x3x224x224>1x32x112x112 k3x3 s2x2 conv2d+relu float32"
# Of at most as many digits as a text of a measurement has characters: Python makes no numbers of thousands of them.
_EXTENTS = r"\d{1,400}(?:x\d{1,400})*"
_SHAPES = rf"(?:{_EXTENTS}|\(\))(?:,(?:{_EXTENTS}|\(\)))*"
_KEY = re.compile(
    rf"(?P<kind>\w+) (?P<inputs>{_SHAPES})>(?P<outputs>{_SHAPES})(?: k(?P<window>{_EXTENTS}))?"
    rf"(?: s(?P<stride>{_EXTENTS}))?(?: d(?P<dilation>{_EXTENTS}))?(?: g(?P<groups>\d{{1,400}}))?"
    r" (?P<operations>\w+(?:\+\w+)*) (?P<dtype>\w+)",
    re.ASCII,
)
_SHOWN = 60
"""Characters of a key that is too long for a message"""
_MOST = 2**62
"""Multiply-accumulates, or elements: more are no number to a database or to numpy"""


def _can_run(kernel: Kernel) -> bool:
    """Whether a kernel has the axes, channels and groups of its kind, and numbers that others can hold."""
    first, out = kernel.inputs[0], kernel.outputs[0]
    shapes = (*kernel.inputs, *kernel.outputs, kernel.window, kernel.stride, kernel.dilation, (kernel.groups,))
    if min(extent for shape in shapes for extent in shape) < 1:
        return False
    if kernel.kind in CONVOLUTIONS:
        axes = 2 + len(kernel.window)
        fits = len(first) == len(out) == axes > 2 and len(kernel.stride) == len(kernel.window)
        if not fits or first[1] % kernel.groups or out[1] % kernel.groups:
            return False
    if kernel.kind in ("linear", "matmul", "attention") and not (first and out):
        return False
    if kernel.kind == "attention" and (len(kernel.inputs) < 3 or len(kernel.inputs[1]) < 2):
        return False
    return max(kernel.macs, kernel.elements_read + kernel.weights, kernel.elements_written) <= _MOST


def _text(shape: Shape) -> str:
    """Extents with an x between them; () of a number without extents."""
    return "x".join(map(str, shape)) or "()"


def _joined(shapes: tuple[Shape, ...]) -> str:
    return ",".join(map(_text, shapes))


def _shape(text: str) -> Shape:
    return tuple(map(int, text.split("x"))) if text not in ("", "()") else ()
