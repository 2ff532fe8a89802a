"""Where accuracy is lost: what rounding each tensor and each layer's weights adds to the noise of a graph's outputs.

To first order the noise of an output is J·Δ, where Δ is what rounding changes and J how the output follows it. For
random signs v, the mean of (vᵀJ·Δ)² is the square of its length (M. F. Hutchinson, 1990), and vᵀJ is a gradient: so one
run forwards, and a few backwards, tell it of everything at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, fx

from exporter.graphs.capture import Graph
from exporter.operations.of_program import module_of, operator_name
from exporter.quantise.case import computed, judged_inputs
from exporter.quantise.observed import Affine, Observed, affine, extremes, nearly_all
from exporter.quantise.scheme import Integers
from exporter.quantise.simulated import LAYERS, Inputs, Simulation, rounded, rounded_weights
from exporter.rewrites.editing import constant

INPUTS, DRAWS = 4, 8
"""That noise is a mean over: with more it changes by less than a dB"""


@dataclass(frozen=True)
class Noise:
    """Of one operator with eight bits, as shares of the outputs' power: those of several operators add up."""

    name: str
    """Of its node"""
    module: str
    """Path of the module that it was captured from; of an input its name"""
    kind: str
    """As `aten.conv2d.default`, or "input" """
    result: float
    """By rounding what it computes, in the range of nearly all values"""
    extremes: float
    """The same in the range of all values"""
    weights: float
    """By rounding its weights; 0 for what has none"""

    @property
    def all(self) -> float:
        return self.result + self.weights


def noises(graph: Graph, calibration: Sequence[Inputs]) -> tuple[Noise, ...]:
    """Of everything that a graph computes and runtimes have in integers, the worst first.

    Ranges are read off all inputs, and noise is measured on a few of them. Several outputs count alike.
    """
    simulation = Simulation(graph.program)
    tensors = computed(simulation.graph, Integers())
    integers = _ranges(simulation, tensors, calibration)
    layers = {
        node: rounded_weights(weight) - weight
        for node in tensors
        if node.target in LAYERS and (weight := constant(simulation.unlifted, node.args[1])) is not None
    }
    generator = torch.Generator().manual_seed(0)
    chosen = judged_inputs(len(calibration), INPUTS)
    found = {node: np.zeros(3) for node in tensors}
    for place in chosen:
        for node, noise in _of_one(simulation, calibration[place], integers, layers, generator):
            found[node] += noise / len(chosen)
    told = [Noise(node.name, _module(node), _kind(node), *map(float, noise)) for node, noise in found.items()]
    return tuple(sorted(told, key=lambda one: -one.all))


def _ranges(
    simulation: Simulation, tensors: Sequence[fx.Node], calibration: Sequence[Inputs]
) -> dict[fx.Node, tuple[Affine, Affine]]:
    """Integers for the usual range of what a node computes, and for that of all values."""
    observed = {node.name: Observed() for node in tensors}
    for inputs in calibration:
        for name, value in simulation.record(inputs, observed)[1].items():
            observed[name].add(value.numpy())
    return {
        node: (affine(nearly_all(seen)), affine(extremes(seen))) for node in tensors for seen in [observed[node.name]]
    }


def _of_one(
    simulation: Simulation,
    given: Inputs,
    integers: dict[fx.Node, tuple[Affine, Affine]],
    layers: dict[fx.Node, Tensor],
    generator: torch.Generator,
) -> Iterator[tuple[fx.Node, np.ndarray]]:
    """Of each node, on one input, the three figures of its `Noise`: [result, extremes, weights]."""
    read = {node: node.all_input_nodes[0].name for node in layers}
    wanted = {node.name for node in integers} | set(read.values())
    leaves = {name: torch.as_tensor(value).requires_grad_(True) for name, value in given.items()}
    with torch.enable_grad():
        outputs, values = simulation.record_tensors(leaves, wanted)
    follow = [one for one in outputs if one.requires_grad]
    moved = [node for node in integers if values[node.name].requires_grad]
    changed = {
        node: [rounded(value, how) - value for how in integers[node]]
        for node in moved
        for value in [values[node.name].detach()]
    }
    by_weights = {
        node: node.target(values[read[node]].detach(), difference, None, *node.args[3:])  # type: ignore[operator]
        for node, difference in layers.items()
    }
    totals = {node: np.zeros(3) for node in moved}
    for _ in range(DRAWS):
        signs = [_signs(one, generator) for one in follow]
        gradients = torch.autograd.grad(
            follow, [values[node.name] for node in moved], signs, retain_graph=True, allow_unused=True
        )
        for node, gradient in zip(moved, gradients, strict=True):
            if gradient is not None:
                differences = [*changed[node], *([by_weights[node]] if node in by_weights else [])]
                for place, difference in enumerate(differences):
                    totals[node][place] += float((gradient * difference).sum()) ** 2
    for node, noise in totals.items():
        yield node, noise / DRAWS / len(follow)


def _signs(output: Tensor, generator: torch.Generator) -> Tensor:
    """±1 over the root of the output's power, so that noise is a share of it."""
    signs = torch.randint(0, 2, output.shape, generator=generator) * 2.0 - 1
    return signs / output.detach().norm().clamp_min(torch.finfo(output.dtype).tiny)


def _module(node: fx.Node) -> str:
    return node.name if node.op == "placeholder" else module_of(node)


def _kind(node: fx.Node) -> str:
    return "input" if node.op == "placeholder" else operator_name(node)
