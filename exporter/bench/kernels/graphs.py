"""A kernel's module as a graph that backends lower, laid out as within a model.

Models keep pictures with their channels last under XNNPACK, and in blocks of channels under ONNX Runtime. A kernel that
took and gave them channels first would mostly reorder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from exporter.bench.kernels.modules import NoKernelModule, kernel_program
from exporter.graphs.capture import Graph
from exporter.manifest import TensorSpec
from exporter.rewrites import rewrite
from exporter.rewrites.folds import FOLDS
from exporter.tracing.lean import lean_traces
from latency_db.kernel import Kernel, Shape

Layout = Literal["channels first", "channels last", "permuted"]
"""Of pictures: with the channels last by their strides, or by their shapes"""

_OF_PICTURES = {"conv", "depthwise_conv", "transposed_conv", "resampling"}


def kernel_graph(kernel: Kernel, seed: int = 0, layout: Layout = "channels first") -> Graph:
    """A kernel as a graph of that name, with inputs `input_0` … and outputs `output_0` …, ready to be lowered.

    Raises `NoKernelModule` for one that cannot be made, or that reads or gives other numbers than float32: no format
    has those as its inputs and outputs here.
    """
    program = kernel_program(kernel, seed)
    laid = layout if of_pictures(kernel) else "channels first"
    return module_graph("kernel", program.module, program.inputs, laid, f"the kernel '{kernel.key}'")


def module_graph(name: str, module: nn.Module, inputs: Sequence[Tensor], layout: Layout, described: str) -> Graph:
    """A module that takes `inputs` by position as a graph like that of a kernel; likewise raises `NoKernelModule`, in
    whose message it is as `described`."""
    named = _Named(module, permuted=layout == "permuted").eval().requires_grad_(False)
    given = {f"input_{place}": _laid_out(value, layout) for place, value in enumerate(inputs)}
    with torch.no_grad():
        results = named(**given)
        if other := {str(value.dtype) for value in (*given.values(), *results.values())} - {"torch.float32"}:
            raise NoKernelModule(
                f"No graph can be made of {described}: graphs take and give float32, and it has "
                f"{', '.join(sorted(other))}."
            )
        with lean_traces():
            captured = rewrite(torch.export.export(named, (), given), FOLDS)
    given_specs, made_specs = (tuple(_spec(*one) for one in tensors.items()) for tensors in (given, results))
    return Graph(name, named, captured, given_specs, made_specs)


def channels_last(kernel: Kernel) -> tuple[str, ...]:
    """Inputs of its graph that have their channels last by their strides, in that layout."""
    pictures = of_pictures(kernel)
    return tuple(f"input_{place}" for place, shape in enumerate(kernel.inputs) if pictures and len(shape) == 4)


def of_pictures(kernel: Kernel) -> bool:
    """Whether rows and columns are the last two axes of what it reads; else they are tokens' or attention's."""
    [read, *others], made = kernel.inputs, kernel.outputs[0]
    if kernel.kind in _OF_PICTURES:
        return len(read) == 4
    if len(read) != 4:
        return False
    if kernel.kind == "pooling":
        return bool(kernel.window) or (made[:2] == read[:2] and set(made[2:]) <= {1})
    if kernel.kind == "normalisation":
        return kernel.operations[0] != "layer_norm"
    return kernel.kind == "elementwise" and any(_is_channels(shape, read[1]) for shape in others)


class _Named(nn.Module):
    """A kernel's module with inputs and outputs by name, as graphs have them; `permuted` if pictures are."""

    def __init__(self, module: nn.Module, permuted: bool) -> None:
        super().__init__()
        self.module, self.permuted = module, permuted

    def forward(self, **inputs: Tensor) -> dict[str, Tensor]:
        given = [x.movedim(-1, -3) if self.permuted and x.dim() > 2 else x for x in inputs.values()]
        made = self.module(*given)
        results = made if isinstance(made, list | tuple) else [made]
        return {
            f"output_{place}": x.movedim(-3, -1) if self.permuted and x.dim() == 4 else x
            for place, x in enumerate(results)
        }


def _laid_out(value: Tensor, layout: Layout) -> Tensor:
    if layout == "permuted":
        return value.movedim(-3, -1).contiguous() if value.dim() > 2 else value
    if layout == "channels last" and value.dim() == 4:
        return value.contiguous(memory_format=torch.channels_last)
    return value


def _spec(name: str, value: Tensor) -> TensorSpec:
    return TensorSpec(
        name=name,
        shape=tuple(value.shape),
        dtype="float32",
        layout=" ".join(f"axis{axis}" for axis in range(value.dim())),
        kind="features",
        meaning="of a kernel",
    )


def _is_channels(shape: Shape, channels: int) -> bool:
    """Whether there is one number for each channel."""
    return channels > 1 and shape[-3:] == (channels, 1, 1)
