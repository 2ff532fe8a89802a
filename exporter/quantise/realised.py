"""Puts what was chosen where toolchains find it: weights into a program, ranges into a way of reading them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, fx
from torch.export import ExportedProgram

from exporter.quantise.observed import Observed, Range, Reading, nearly_all
from exporter.quantise.simulated import LAYERS
from exporter.rewrites import rewrite
from exporter.rewrites.editing import add_constant, constant

ALIKE = 1e-3
"""Of a range: by how much both ends of what a runtime's toolchain observes may differ from what was observed here"""


class Parameters(NamedTuple):
    """Of a convolution or linear layer."""

    weight: Tensor
    """[O, ...]"""
    bias: Tensor
    """[O]"""


def parameters(module: fx.GraphModule, layer: fx.Node) -> Parameters:
    """Those that a layer has, zeros for no bias. Raises `ValueError` where they are computed by the program."""
    given = layer.args[2] if len(layer.args) > 2 else None
    weight, bias = constant(module, layer.args[1]), constant(module, given)
    if weight is None or (given is not None and bias is None):
        raise ValueError(f"the weights of {layer.name} are no constants")
    return Parameters(weight, torch.zeros(len(weight)) if bias is None else bias)


def with_parameters(program: ExportedProgram, chosen: Mapping[str, Parameters]) -> ExportedProgram:
    """The program with other weights and biases in the layers named; layers that share theirs no longer do."""

    def apply(module: fx.GraphModule) -> None:
        for node in list(module.graph.nodes):
            if node.target in LAYERS and node.name in chosen:
                weight, bias = (add_constant(module, node, node.name, value) for value in chosen[node.name])
                node.args = (node.args[0], weight, bias, *node.args[3:])

    return rewrite(program, [apply])


class Known(NamedTuple):
    """A tensor's range, and what was observed of it."""

    observed: Observed
    range: Range


def recognising(tensors: Sequence[Known]) -> Reading:
    """The range of the tensor that was observed, which is known by the count of its values and by their extremes.

    So it is found wherever a backend has it, transposed or reshaped. What is not known has that of nearly all values.
    """

    def read(observed: Observed) -> Range:
        allowed = ALIKE * (observed.high - observed.low)
        near = [(_distance(observed, known.observed), known.range) for known in tensors]
        distance, found = min(near, key=lambda one: one[0], default=(float("inf"), None))
        return nearly_all(observed) if found is None or distance > allowed else found

    return read


def _distance(one: Observed, other: Observed) -> float:
    if one.counts.sum() != other.counts.sum():
        return float("inf")
    return max(abs(one.low - other.low), abs(one.high - other.high))
