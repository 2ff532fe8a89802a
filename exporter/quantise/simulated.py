"""Runs a captured program as if some of its values and weights were integers: what rounding does, without a runtime."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx
from torch.export import ExportedProgram

from exporter.quantise.observed import Affine

aten = torch.ops.aten

Inputs = Mapping[str, NDArray[Any]]
"""Input name -> array [1, ...]"""
LAYERS = (aten.conv2d.default, aten.linear.default)
"""What has weights [output channels, ...]"""


@dataclass(frozen=True)
class Rounding:
    """What of a program is rounded. Without any of it the program computes what it always did."""

    values: Mapping[str, Affine] = field(default_factory=dict)
    """Node -> integers that its result is rounded to"""
    weights: Mapping[str, Tensor] = field(default_factory=dict)
    """Layer -> the weights that it takes instead of its own"""


class Simulation(fx.Interpreter):
    """A captured program that can be run with `Rounding`, and that tells what it computed on the way.

    `program` takes inputs of fixed shapes, so that calibration inputs are run one at a time.
    """

    def __init__(self, program: ExportedProgram, rounding: Rounding | None = None) -> None:
        self.unlifted: fx.GraphModule = program.module(check_guards=False)
        """The program, in which weights are attributes"""
        super().__init__(self.unlifted)
        self.rounding = rounding or Rounding()
        self._wanted: Collection[str] = ()
        self._recorded: dict[str, Tensor] = {}

    def outputs(self, inputs: Inputs) -> tuple[Tensor, ...]:
        """What the program returns, in its order."""
        return self.record(inputs, ())[0]

    def record(self, inputs: Inputs, wanted: Collection[str]) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
        """The outputs, and of the nodes named in `wanted` the results, as the nodes after them read them."""
        tensors = {name: torch.from_numpy(np.asarray(value)) for name, value in inputs.items()}
        with torch.inference_mode():
            return self.record_tensors(tensors, wanted)

    def record_tensors(
        self, inputs: Mapping[str, Tensor], wanted: Collection[str]
    ) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
        """The same of tensors, of which autograd keeps track where it is to."""
        self._wanted, self._recorded = wanted, {}
        names = [node.name for node in self.graph.nodes if node.op == "placeholder"]
        found = self.run(*(inputs[name] for name in names))
        return tuple(found.values()) if isinstance(found, dict) else tuple(found), self._recorded

    def run_node(self, n: fx.Node) -> Any:
        result = self._rounded(n, self._computed(n))
        if n.name in self._wanted:
            self._recorded[n.name] = result
        return result

    def _computed(self, n: fx.Node) -> Any:
        if n.name not in self.rounding.weights:
            return super().run_node(n)
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        return n.target(args[0], self.rounding.weights[n.name], *args[2:], **kwargs)  # type: ignore[operator]

    def _rounded(self, n: fx.Node, result: Any) -> Any:
        how = self.rounding.values.get(n.name)
        return result if how is None else rounded(result, how)


def rounded(values: Tensor, how: Affine) -> Tensor:
    """`Affine.rounded` of a tensor."""
    most = 2 ** (how.bits - 1)
    return torch.fake_quantize_per_tensor_affine(values, how.scale, how.zero_point, -most, most - 1)


def rounded_weights(weight: Tensor, most: Tensor | None = None, greatest: int = 127) -> Tensor:
    """Weights [O, ...] as integers from -greatest to greatest would have them, each output channel with its own scale.

    `most` [O] is what a channel is clipped to; without it nothing is. A channel of zeros stays so.
    """
    flat = weight.flatten(1)
    reach = flat.abs().amax(1) if most is None else most
    scale = (reach / greatest).clamp_min(torch.finfo(weight.dtype).tiny)[:, None]
    return (flat / scale).round().clamp(-greatest, greatest).mul(scale).reshape(weight.shape)
