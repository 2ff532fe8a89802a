"""From a kernel to a small module that computes it: what is lowered, timed and packed in place of a whole model.

A key has shapes, not every argument. What it leaves open is chosen: padding is symmetric and as small as the extents
allow; axes are those that the shapes single out, or the last ones; group norm has one group, layer norm is over the
last axis, attention's mask is added; what `to` converts to is half precision from single, else single; a fused operator
takes the earliest further input that fits, and a number where none is left. What may be constant in the model, such as
a bias that is added, is an input here. Times depend on none of it, or hardly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from exporter.bench.kernels.operators import BINARY, UNARY, Compute, movement, reduction, resampling
from exporter.errors import VitexportError
from latency_db.kernel import Kernel, Shape

_FEW_BITS = torch.float8_e5m2
"""What weights are rounded to: times do not depend on their digits, and packs are a quarter of the size without."""


class NoKernelModule(VitexportError):
    """A kernel whose fields do not say how it is computed."""


@dataclass(frozen=True)
class KernelProgram:
    """A kernel that can be run and captured."""

    module: nn.Module
    """In eval mode; takes the inputs by position"""
    inputs: tuple[Tensor, ...]


def kernel_program(kernel: Kernel, seed: int = 0) -> KernelProgram:
    """What computes a kernel, with seeded weights and inputs. Raises `NoKernelModule`, naming the kernel."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        module = _Chain(_steps(kernel)).eval()
        for weight in module.parameters():
            weight.copy_(weight.to(_FEW_BITS).to(weight.dtype))
        inputs = tuple(map(_example, kernel.inputs, _dtypes(kernel)))
        try:
            results = module(*inputs)
        except (RuntimeError, IndexError, TypeError, ValueError) as error:
            raise _unknown(kernel, f"PyTorch refuses it: {str(error).splitlines()[0]}") from None
        found = tuple(tuple(result.shape) for result in (results if isinstance(results, list | tuple) else [results]))
        if not (found == kernel.outputs or (len(found) == 1 and prod(found[0]) == prod(kernel.outputs[0]))):
            raise _unknown(kernel, f"it would give {found}")
    return KernelProgram(module, inputs)


@dataclass(frozen=True)
class _Step:
    """An operator, and how many further inputs it takes."""

    compute: Compute
    takes: int


class _Chain(nn.Module):
    """The first operator, then each on the result of the one before and on inputs of its own."""

    def __init__(self, steps: Sequence[_Step]) -> None:
        super().__init__()
        self.steps = steps
        self.weighted = nn.ModuleList(step.compute for step in steps if isinstance(step.compute, nn.Module))

    def forward(self, *inputs: Tensor) -> Any:
        results: tuple[Any, ...] = ()
        for step in self.steps:
            taken, inputs = inputs[: step.takes], inputs[step.takes :]
            results = (step.compute(*results, *taken),)
        return results[0]


class _Product(nn.Module):
    """A product with a weight, by the operator of this name."""

    def __init__(self, name: str, inputs: int, outputs: int) -> None:
        super().__init__()
        self.compute: Compute = getattr(torch, name)
        self.weight = nn.Parameter(torch.randn(inputs, outputs) / inputs**0.5)
        self.bias = nn.Parameter(torch.randn(outputs)) if name == "addmm" else None

    def forward(self, x: Tensor) -> Tensor:
        given = (x, self.weight) if self.bias is None else (self.bias, x, self.weight)
        result: Tensor = self.compute(*given)
        return result


def _steps(kernel: Kernel) -> list[_Step]:
    name, *fused = kernel.operations
    if kernel.kind == "elementwise":
        return _elementwise(kernel, (), None, kernel.operations, kernel.inputs)
    first = _FIRST[kernel.kind](kernel, name)
    if first is None:
        raise _unknown(kernel, f"its shapes do not say how {name} is to be called")
    taken = {"matmul": 3 if name in ("baddbmm", "addmm") else 2}.get(
        kernel.kind, len(kernel.inputs) if not fused else 1
    )
    steps = [_Step(first, taken)]
    return _elementwise(kernel, steps, kernel.outputs[0], fused, kernel.inputs[taken:])


def _elementwise(
    kernel: Kernel, before: Sequence[_Step], shape: Shape | None, names: Sequence[str], inputs: Sequence[Shape]
) -> list[_Step]:
    """Steps for operators that work element by element, with every input taken by one of them."""
    found = next(_assigned(kernel, shape, tuple(names), tuple(inputs)), None)
    if found is None:
        raise _unknown(kernel, f"its inputs do not fit {'+'.join(names)}")
    return [*before, *found]


def _assigned(
    kernel: Kernel, shape: Shape | None, names: Sequence[str], inputs: Sequence[Shape]
) -> Iterator[list[_Step]]:
    """Ways to give the inputs to operators whose result so far has this shape; None where there is none yet."""
    if not names:
        if not inputs and shape is not None and prod(shape) == prod(kernel.outputs[0]):
            yield []
        return
    for compute, takes in _choices(names[0], begins=shape is None, channels=kernel.outputs[0]):
        if takes > len(inputs):
            continue
        result = _broadcast(shape, inputs[:takes])
        if result is None:
            continue
        made, reshape = result
        step = _Step(compute if reshape is None else _reshaped(compute, reshape), takes)
        for rest in _assigned(kernel, made, names[1:], inputs[takes:]):
            yield [step, *rest]


def _choices(name: str, begins: bool, channels: Shape) -> Iterator[tuple[Compute, int]]:
    """How an operator may be called: the function, and the number of tensors beside the result so far."""
    before = 0 if begins else 1
    if name == "batch_norm" and not begins and len(channels) == 4:
        yield _batch_norm(channels), 0
    if name == "where":
        yield torch.where, 3 - before
    if name in UNARY:
        yield UNARY[name], 1 - before
    if name in BINARY:
        compute, number = BINARY[name]
        yield compute, 2 - before
        if number is not None:
            yield lambda x: compute(x, number), 1 - before


def _broadcast(shape: Shape | None, others: Sequence[Shape]) -> tuple[Shape, Shape | None] | None:
    """The shape of the result, and the one that what is there must be given first; None where nothing fits.

    A result keeps its number of elements: that is what makes an operator part of a kernel.
    """
    given = list(others) if shape is None else [shape, *others]
    try:
        made = np.broadcast_shapes(*given)
    except ValueError:
        made = ()
    if shape is None:
        return (made, None) if made or not any(given) else None
    if prod(made) == prod(shape) and (made or not shape):
        return made, None
    same = next((other for other in others if prod(other) == prod(shape)), None)
    return None if same is None else (same, same)


def _reshaped(compute: Compute, shape: Shape) -> Compute:
    return lambda x, *others: compute(x.reshape(shape), *others)


def _convolution(kernel: Kernel, name: str) -> Compute | None:
    rank = len(kernel.window)
    known = {("conv2d", 2): nn.Conv2d, ("conv1d", 1): nn.Conv1d, ("conv_transpose2d", 2): nn.ConvTranspose2d}
    layer: type[Any] | None = known.get((name, rank))
    if layer is None:
        return None
    transposed = kernel.kind == "transposed_conv"
    dilation = kernel.dilation or (1,) * rank
    sides = zip(kernel.inputs[0][2:], kernel.outputs[0][2:], kernel.window, kernel.stride, dilation, strict=True)
    margins = [_transposed_padding(*side) if transposed else _padding(*side) for side in sides]
    if None in margins:
        return None
    more = {"output_padding": [margin[1] for margin in margins if margin]} if transposed else {}
    module: nn.Module = layer(
        kernel.inputs[0][1],
        kernel.outputs[0][1],
        kernel.window,
        kernel.stride,
        padding=[margin[0] for margin in margins if margin],
        dilation=dilation,
        groups=kernel.groups,
        **more,
    )
    return module


def _padding(given: int, made: int, window: int, stride: int, dilation: int) -> tuple[int, int] | None:
    """The least padding on each side that gives this extent; a window never lies outside the picture."""
    reach = dilation * (window - 1) + 1
    fits = (side for side in range(reach) if (given + 2 * side - reach) // stride + 1 == made)
    side = next(fits, None)
    return None if side is None else (side, 0)


def _transposed_padding(given: int, made: int, window: int, stride: int, dilation: int) -> tuple[int, int] | None:
    """The least padding, and the extent that is added to the result."""
    full = (given - 1) * stride + dilation * (window - 1) + 1
    for side in range(dilation * (window - 1) + 1):
        if 0 <= made - (full - 2 * side) < max(stride, dilation):
            return side, made - (full - 2 * side)
    return None


def _linear(kernel: Kernel, name: str) -> Compute | None:
    inputs, outputs = kernel.inputs[0][-1], kernel.outputs[0][-1]
    if name == "linear":
        return nn.Linear(inputs, outputs)
    return _Product(name, inputs, outputs) if name in ("matmul", "mm", "addmm") else None


def _matmul(kernel: Kernel, name: str) -> Compute | None:
    if name in ("baddbmm", "addmm"):
        compute: Compute = getattr(torch, name)
        return lambda left, right, bias: compute(bias, left, right)  # a key has what is multiplied first
    return getattr(torch, name) if name in ("matmul", "mm", "bmm") else None


def _attention(kernel: Kernel, name: str) -> Compute | None:
    return F.scaled_dot_product_attention if name == "scaled_dot_product_attention" else None


def _normalisation(kernel: Kernel, name: str) -> Compute | None:
    shape = kernel.inputs[0]
    match name:
        case "layer_norm":
            return nn.LayerNorm(shape[-1])
        case "rms_norm":
            return nn.RMSNorm(shape[-1])
        case "group_norm":
            return nn.GroupNorm(1, shape[1])
        case "batch_norm":
            return _batch_norm(shape)
        case "instance_norm" if len(shape) == 4:
            return nn.InstanceNorm2d(shape[1])
    return None


def _batch_norm(shape: Shape) -> nn.Module:
    layer: type[nn.BatchNorm1d | nn.BatchNorm2d] = nn.BatchNorm2d if len(shape) == 4 else nn.BatchNorm1d
    return layer(shape[1]).eval()


def _softmax(kernel: Kernel, name: str) -> Compute | None:
    functions: dict[str, Callable[..., Tensor]] = {"softmax": F.softmax, "log_softmax": F.log_softmax}
    return (lambda x: functions[name](x, dim=-1)) if name in functions else None


def _pooling(kernel: Kernel, name: str) -> Compute | None:
    [given, *_], [made, *_] = kernel.inputs, kernel.outputs
    if not kernel.window:
        adaptive: dict[str, Compute] = {
            "adaptive_avg_pool1d": F.adaptive_avg_pool1d,
            "adaptive_avg_pool2d": F.adaptive_avg_pool2d,
            "adaptive_max_pool2d": F.adaptive_max_pool2d,
        }
        if name in adaptive:
            return lambda x: adaptive[name](x, made[2:])
        return reduction(name, given, made)
    # A mean that counts its padding is what no model here takes; XNNPACK leaves it to a kernel 300 times as slow.
    windowed: dict[str, Compute] = {
        "avg_pool1d": partial(F.avg_pool1d, count_include_pad=False),
        "avg_pool2d": partial(F.avg_pool2d, count_include_pad=False),
        "max_pool2d": F.max_pool2d,
    }
    rank = len(kernel.window)
    sides = zip(given[-rank:], made[-rank:], kernel.window, kernel.stride, (1,) * rank, strict=True)
    margins = [margin[0] for side in sides if (margin := _padding(*side))]
    if name not in windowed or len(margins) != rank:
        return None
    return lambda x: windowed[name](x, kernel.window, kernel.stride, margins)


def _resampling(kernel: Kernel, name: str) -> Compute | None:
    return resampling(name, kernel.outputs[0])


def _data_movement(kernel: Kernel, name: str) -> Compute | None:
    return movement(name, kernel.inputs, kernel.outputs)


_FIRST: dict[str, Callable[[Kernel, str], Compute | None]] = {
    "conv": _convolution,
    "depthwise_conv": _convolution,
    "transposed_conv": _convolution,
    "linear": _linear,
    "matmul": _matmul,
    "attention": _attention,
    "normalisation": _normalisation,
    "softmax": _softmax,
    "pooling": _pooling,
    "resampling": _resampling,
    "data_movement": _data_movement,
}
"""Kind -> what makes the function of a kernel's first operator"""


def _dtypes(kernel: Kernel) -> list[str]:
    """Of each input: the kernel's own, but for the condition of a choice."""
    rest = "float32" if kernel.operations[0] == "where" else kernel.dtype
    others = "bool" if kernel.operations[0] == "masked_fill" else rest
    return [kernel.dtype, *[others] * (len(kernel.inputs) - 1)]


def _example(shape: Shape, dtype: str) -> Tensor:
    """Numbers of which roots and logarithms can be taken."""
    if dtype.startswith(("float", "bfloat")):
        return (torch.rand(shape) + 0.1).to(getattr(torch, dtype))
    return torch.randint(0, 2, shape).to(getattr(torch, dtype))


def _unknown(kernel: Kernel, why: str) -> NoKernelModule:
    return NoKernelModule(f"No module can be made of the kernel '{kernel.key}': {why}.")
