"""For each rule the smallest model that triggers it, and one beside it that does not."""

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from device_profiles.vocabulary import Precision
from exporter.backends.interface import LowerOptions
from exporter.graphs.capture import Graph
from exporter.manifest import TensorSpec, Variant
from exporter.quantise.scheme import Integers, Scheme

NAMES = ("x", "second", "third")
"""Of the inputs of a model"""


@dataclass(frozen=True, eq=False)
class Example:
    """A model, as a function of its inputs, on its way into a format."""

    compute: Any
    shapes: tuple[tuple[int, ...], ...]
    format: str
    precision: Precision = "fp32"
    artifact: bool = False
    """Whether it is lowered, and its file looked at too"""
    rewrites: tuple[str, ...] | None = ()
    """Before it is lowered; None for the format's own"""
    min_ios: int = 17
    """That it is lowered for"""
    oldest: int = 17
    """That the target's users may have"""
    scheme: Scheme | None = None
    """What of it gets fewer bits"""
    dynamic: dict[int, torch.export.Dim] = field(default_factory=dict)
    """Axes of the first input that are not fixed"""

    @property
    def variant(self) -> Variant:
        """What the file would be in a bundle."""
        return Variant(self.format, self.precision, "xnnpack" if self.format == "executorch" else None)

    @property
    def options(self) -> LowerOptions:
        """How the file is made."""
        given = {name: np.random.default_rng(0).normal(size=one) for name, one in zip(NAMES, self.shapes, strict=False)}
        shown = [{name: value.astype(np.float32) for name, value in given.items()}] if self.scheme else []
        options = LowerOptions(self.precision, self.min_ios, rewrites=self.rewrites)
        return replace(options, scheme=self.scheme, calibration=shown)


def _program(compute: Any, *shapes: tuple[int, ...], format: str, **options: Any) -> Example:
    return Example(compute, shapes, format, **options)


def _integers(compute: Any, *kinds: str) -> Example:
    """A file in which operators of these kinds compute with integers."""
    scheme = Scheme(kinds, activations="static")
    return Example(compute, ((4, 64),), "tflite", "int8", artifact=True, scheme=scheme)


_WEIGHT = torch.linspace(-1, 1, 64 * 64).reshape(64, 64)


def _with_gelu(x: Tensor) -> Tensor:
    """Before two more linear layers: what comes before the last alone stays in floating point anyway."""
    return F.linear(F.linear(F.gelu(F.linear(x, _WEIGHT)), -_WEIGHT), _WEIGHT)


def _layered(x: Tensor) -> Tensor:
    """A product of two activations between linear layers, the last of which is not quantised."""
    return F.linear(F.linear(F.linear(x, _WEIGHT) * F.linear(x, -_WEIGHT), _WEIGHT), _WEIGHT)


def _two_layers(x: Tensor) -> Tensor:
    return F.linear(F.relu(F.linear(x, _WEIGHT)), -_WEIGHT)


def _signed(signed: bool) -> Example:
    """A file for ONNX Runtime, whose last product stays in floating point."""
    scheme = Scheme(("Gemm", "MatMul"), activations="static", integers=Integers(symmetric=signed))
    return Example(_two_layers, ((4, 64),), "onnx", "int8", artifact=True, scheme=scheme)


def _wide(integers: Integers) -> Example:
    scheme = Scheme(("FULLY_CONNECTED",), activations="static", integers=integers)
    return Example(_two_layers, ((4, 64),), "tflite", "int8", artifact=True, scheme=scheme)


def pieces(count: int, format: str = "executorch", kind: str = "linear.default") -> Example:
    """Linear layers with operators between them that XNNPACK does not have."""

    def compute(x: Tensor) -> Tensor:
        for _ in range(count - 1):
            x = torch.cumsum(F.linear(x, _WEIGHT), -1)
        return F.linear(x, _WEIGHT)

    scheme = Scheme((kind,), activations="static")
    return Example(compute, ((4, 64),), format, "int8", artifact=True, scheme=scheme)


def _half(compute: Any, *shapes: tuple[int, ...], **options: Any) -> Example:
    return Example(compute, shapes, "coreml", "fp16", **options)


def _file(compute: Any, *shapes: tuple[int, ...], format: str = "tflite", **options: Any) -> Example:
    return Example(compute, shapes, format, artifact=True, **options)


def _windows_at_once(x: Tensor) -> Tensor:
    return x.reshape(1, 2, 4, 2, 4, 3).permute(0, 1, 3, 2, 4, 5).reshape(4, 4, 4, 3)


def _windows_in_two_steps(x: Tensor) -> Tensor:
    return x.reshape(2, 4, 8, 3).reshape(2, 4, 2, 12).transpose(1, 2).reshape(4, 4, 4, 3)


def _heads_in_the_batch(query: Tensor, key: Tensor) -> Tensor:
    return (query @ key.mT).softmax(-1) @ key


def _attention(query: Tensor, key: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(query, key, key)


def _masked(query: Tensor, key: Tensor, mask: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(query, key, key, attn_mask=mask)


def _biased(query: Tensor, key: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(query, key, key, attn_mask=torch.arange(50.0).reshape(1, 2, 5, 5))


class _Normed(nn.Module):
    def __init__(self, epsilon: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(8, eps=epsilon)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)


def _one_of(x: Tensor) -> Tensor:
    return F.one_hot(x.argmax(-1), 4).float()


def _largest(x: Tensor) -> Tensor:
    return x.amax(-1)


def _conv(kernel: int) -> nn.Module:
    return nn.Conv2d(3, 8, kernel, padding="same")


_LITERT_PASSES = ("products_in_rank_four", "elementwise_of_equal_rank", "pads_in_rank_four")

EXAMPLES: dict[str, tuple[Example, Example]] = {
    "core-ml-rank": (
        _program(lambda x: x.reshape(1, 2, 4, 2, 4, 3).softmax(2), (1, 8, 8, 3), format="coreml"),
        _program(_windows_at_once, (1, 8, 8, 3), format="coreml"),
    ),
    "core-ai-rank": (
        _program(_windows_at_once, (1, 8, 8, 3), format="coreai"),
        _program(_windows_in_two_steps, (1, 8, 8, 3), format="coreai"),
    ),
    "litert-gpu-rank": (
        _file(lambda x: x.reshape(1, 2, 4, 8, 3).permute(0, 3, 2, 1, 4) + 1, (1, 8, 8, 3)),
        _file(lambda x: x.permute(0, 2, 1, 3) + 1, (1, 8, 8, 3)),
    ),
    "litert-gpu-attention-rank": (
        _file(_heads_in_the_batch, (2, 5, 8), (2, 5, 8)),
        _file(_attention, (1, 2, 5, 8), (1, 2, 5, 8), rewrites=None),
    ),
    "litert-gpu-mixed-rank": (
        _file(_biased, (1, 2, 5, 8), (1, 2, 5, 8)),
        _file(_biased, (1, 2, 5, 8), (1, 2, 5, 8), rewrites=None),
    ),
    "litert-gpu-head-mask": (
        _file(_masked, (1, 2, 5, 8), (1, 2, 5, 8), (1, 1, 5, 5), rewrites=None),
        _file(_masked, (1, 2, 5, 8), (1, 2, 5, 8), (1, 2, 5, 5), rewrites=None),
    ),
    "litert-gpu-transposed-product": (
        _file(lambda x, y: torch.einsum("abcd,abed->abce", x, y), (1, 2, 5, 8), (1, 2, 6, 8)),
        _file(lambda x, y: x @ y.mT, (1, 2, 5, 8), (1, 2, 6, 8), rewrites=_LITERT_PASSES),
    ),
    "litert-gpu-pad-rank": (
        _file(lambda x: F.pad(x, (0, 0, 1, 0)), (2, 5, 8)),
        _file(lambda x: F.pad(x, (0, 0, 1, 0)), (2, 5, 8), rewrites=_LITERT_PASSES),
    ),
    "litert-gpu-refused": (
        _file(lambda x: x.relu().expand(4, 5, 8), (1, 5, 8)),
        _file(lambda x: torch.cat([x.relu()] * 4), (1, 5, 8)),
    ),
    "sort": (
        _program(lambda x: x.sort(-1).values, (1, 8), format="executorch"),
        _program(lambda x: x.topk(4, -1).values, (1, 8), format="executorch"),
    ),
    "scatter": (
        _program(lambda x, i: x.scatter_reduce(1, i.long(), x, "amax"), (1, 8), (1, 8), format="tflite"),
        _program(lambda x, y: torch.cat([x[:, :4], y], 1), (1, 8), (1, 4), format="tflite"),
    ),
    "missing-kernel": (
        _file(lambda x: x.sort(-1).values, (1, 8), format="executorch"),
        _file(lambda x: x.topk(8, -1).values, (1, 8), format="executorch"),
    ),
    "portable-fallback": (
        _file(lambda x: F.layer_norm(x, (8,)) + 1, (1, 8), format="executorch"),
        _file(nn.Sequential(nn.Linear(8, 8), nn.ReLU()), (1, 8), format="executorch"),
    ),
    "delegate-break": (
        _file(F.conv2d, (1, 3, 8, 8), (4, 3, 3, 3), format="executorch"),
        _file(_conv(3), (1, 3, 8, 8), format="executorch"),
    ),
    "half-epsilon": (_half(_Normed(1e-6), (1, 8)), _half(_Normed(1e-4), (1, 8))),
    "half-guard": (
        _half(lambda x: F.normalize(x, eps=1e-12), (1, 8)),
        _half(lambda x: F.normalize(x, eps=1e-4), (1, 8)),
    ),
    "half-mask": (
        _half(lambda x: (x + (x > 0).float() * -1e9).softmax(-1), (1, 8)),
        _half(lambda x: (x + (x > 0).float() * -1e4).softmax(-1), (1, 8)),
    ),
    "half-reduction": (_half(lambda x: x.mean((2, 3)), (1, 2, 64, 64)), _half(lambda x: x.mean((2, 3)), (1, 2, 7, 7))),
    "half-square": (
        _half(lambda x: (x * x).mean(-1), (1, 8)),
        _half(lambda x: (x.tanh() * 100).pow(2).mean(-1), (1, 8)),
    ),
    "half-exponential": (_half(lambda x: x.exp(), (1, 8)), _half(lambda x: (x - x.amax(-1, True)).exp(), (1, 8))),
    "dynamic-shape": (
        _program(lambda x: x.relu(), (2, 8), format="coreml", dynamic={0: torch.export.Dim("batch")}),
        _program(lambda x: x.relu(), (2, 8), format="coreml"),
    ),
    "int64": (_program(_one_of, (1, 4), format="tflite"), _program(_largest, (1, 4), format="tflite")),
    "newer-than-target": (
        _file(_attention, (1, 2, 5, 8), (1, 2, 5, 8), format="coreml", min_ios=18),
        _file(_attention, (1, 2, 5, 8), (1, 2, 5, 8), format="coreml", min_ios=17),
    ),
    "newer-than-users": (
        _file(lambda x: x.relu(), (1, 8), format="coreai"),
        _file(lambda x: x.relu(), (1, 8), format="coreai", oldest=27),
    ),
    "neural-engine": (
        _file(_conv(3), (1, 3, 16, 16), format="coreml", precision="fp16"),
        _file(_conv(3), (1, 3, 16, 16), format="coreml"),
    ),
    "int8-slower-operator": (
        _integers(_with_gelu, "FULLY_CONNECTED", "GELU"),
        _integers(_with_gelu, "FULLY_CONNECTED"),
    ),
    "int8-island": (
        _integers(_layered, "FULLY_CONNECTED"),
        _integers(_layered, "FULLY_CONNECTED", "MUL"),
    ),
    "int8-pieces": (pieces(9), pieces(8)),
    "int8-signed-activations": (_signed(True), _signed(False)),
    "int16-activations": (_wide(Integers(symmetric=True, activation_bits=16)), _wide(Integers())),
}


class Model(nn.Module):
    """A function, or a module, as a graph of named inputs and one output."""

    def __init__(self, compute: Any) -> None:
        super().__init__()
        self.compute = compute

    def forward(self, x: Tensor, second: Tensor | None = None, third: Tensor | None = None) -> dict[str, Tensor]:
        return {"y": self.compute(*(given for given in (x, second, third) if given is not None))}


@cache
def graph_of(example: Example) -> Graph:
    """The example as a graph of one output, captured once for all tests of a process."""
    inputs = tuple(_numbers(name, shape) for name, shape in zip(NAMES, example.shapes, strict=False))
    module = Model(example.compute).eval().requires_grad_(False)
    tensors = {spec.name: torch.zeros(spec.shape) for spec in inputs}
    dynamic = {spec.name: example.dynamic if spec.name == "x" else None for spec in inputs}
    program = torch.export.export(module, (), tensors, dynamic_shapes=dynamic if example.dynamic else None)
    with torch.no_grad():
        shape = tuple(module(**tensors)["y"].shape)
    return Graph("classify", module, program, inputs, (_numbers("y", shape),))


def _numbers(name: str, shape: tuple[int, ...]) -> TensorSpec:
    """Of no meaning."""
    return TensorSpec(
        name=name, shape=shape, dtype="float32", layout="N" * len(shape), kind="features", meaning="numbers"
    )
