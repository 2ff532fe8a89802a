"""From a module to the one intermediate form that every backend starts from."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram

from exporter.manifest import TensorSpec
from exporter.rewrites import rewrite
from exporter.rewrites.folds import FOLDS
from exporter.tracing.lean import lean_traces


class Part(NamedTuple):
    """A fixed-shape piece of a model that is to become a graph."""

    module: nn.Module
    """Takes the inputs in order, returns {output name: tensor}"""
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


@dataclass(frozen=True)
class Graph:
    """A fixed-shape piece of a model."""

    name: str
    module: nn.Module
    """The eager reference: takes the inputs in order, returns {output name: tensor}."""
    program: ExportedProgram
    """The same computation, with constants folded."""
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    @property
    def example(self) -> dict[str, Tensor]:
        """Zeros of the inputs' shapes, for toolchains that want to see an example."""
        return example_inputs(self.inputs)


def capture(name: str, module: nn.Module, inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...]) -> Graph:
    """Export `module` at the shapes of `inputs` and apply the exact folds.

    Layer norm and scaled dot-product attention stay whole: what to make of them is each backend's choice.
    """
    with lean_traces():
        program = rewrite(exported(module, inputs), FOLDS)
    return Graph(name, module, program, inputs, outputs)


def exported(module: nn.Module, inputs: tuple[TensorSpec, ...]) -> ExportedProgram:
    """`module` as a program, with nothing folded: what a plain conversion starts from."""
    with torch.no_grad():
        return torch.export.export(module, (), example_inputs(inputs))


def example_inputs(specs: tuple[TensorSpec, ...]) -> dict[str, Tensor]:
    return {spec.name: torch.zeros(spec.shape) for spec in specs}
