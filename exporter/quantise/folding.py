"""Gives the channels of a layer norm's result like ranges, where linear layers alone read it.

A runtime has one range a tensor. But a scale for each channel can be moved from the norm's weight and bias into the
linear layers' weights, exactly: per-channel activations at no cost, as SmoothQuant has it (arXiv 2211.10438).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, fx

from exporter.graphs.capture import Graph
from exporter.quantise.case import case_of, judged_inputs
from exporter.quantise.judged import Shares
from exporter.quantise.scheme import Integers
from exporter.quantise.simulated import Inputs, Simulation
from exporter.rewrites import rewrite
from exporter.rewrites.editing import add_constant, constant

aten = torch.ops.aten

STRENGTH = 0.5
"""Share of a channel's magnitude that moves from the values to the weights (§4)"""
JUDGED = 8
"""Calibration inputs that tell whether scales are better moved"""


def folded(graph: Graph, calibration: Sequence[Inputs], integers: Integers) -> tuple[Graph, tuple[str, ...]]:
    """The graph with scales moved where that makes min/max cost less, and the names of those layer norms."""
    module = graph.program.module(check_guards=False)
    norms = [node for node in module.graph.nodes if _readers(module, node)]
    if not norms:
        return graph, ()
    scales = _scales(graph, module, norms, calibration)
    few = [calibration[one] for one in judged_inputs(len(calibration), JUDGED)]
    before, after = (_costs(one, few, integers, norms) for one in (graph, _with(graph, scales)))
    better = {name: scale for name, scale in scales.items() if after[name] < before[name]}
    return _with(graph, better), tuple(better)


def _with(graph: Graph, scales: Mapping[str, Tensor]) -> Graph:
    return replace(graph, program=rewrite(graph.program, [lambda module: move_scales(module, scales)]))


def move_scales(module: fx.GraphModule, scales: Mapping[str, Tensor]) -> None:
    """Divide what each layer norm computes by its scales [C], and multiply the weights of what reads it by them."""
    for node in list(module.graph.nodes):
        if node.name not in scales:
            continue
        scale = scales[node.name].double()
        for reader in _readers(module, node):
            weight = _moved(module, reader, reader.args[1], scale)
            reader.args = (reader.args[0], weight, *reader.args[2:])
        # layer_norm(input, shape, weight, bias, epsilon)
        given, shape, weight, bias, *others = node.args
        node.args = (
            given,
            shape,
            _moved(module, node, weight, 1 / scale),
            _moved(module, node, bias, 1 / scale),
            *others,
        )


def _moved(module: fx.GraphModule, before: fx.Node, weight: object, factor: Tensor) -> fx.Node:
    value = constant(module, weight)
    assert value is not None
    return add_constant(module, before, before.name, (value.double() * factor).to(value.dtype))


def _readers(module: fx.GraphModule, norm: Any) -> list[fx.Node]:
    """The linear layers that read a layer norm of weights and biases; none where anything else does."""
    if norm.target is not aten.layer_norm.default or any(constant(module, one) is None for one in norm.args[2:4]):
        return []
    users = list(norm.users)
    linear = all(user.target is aten.linear.default and constant(module, user.args[1]) is not None for user in users)
    return users if linear and len(norm.args[1]) == 1 else []


def _scales(
    graph: Graph, module: fx.GraphModule, norms: Sequence[fx.Node], calibration: Sequence[Inputs]
) -> dict[str, Tensor]:
    """Layer norm -> sqrt(greatest value / greatest weight) of each channel [C]."""
    simulation = Simulation(graph.program)
    greatest: dict[str, Tensor] = {}
    for inputs in calibration:
        for name, value in simulation.record(inputs, [node.name for node in norms])[1].items():
            channel = value.abs().flatten(0, -2).amax(0)
            greatest[name] = channel.maximum(greatest.get(name, channel))
    found = {}
    for node in norms:
        weights = torch.cat([constant(module, reader.args[1]) for reader in _readers(module, node)])  # type: ignore[misc]
        least = torch.finfo(weights.dtype).eps
        of_values, of_weights = greatest[node.name], weights.abs().amax(0)
        scale = of_values.clamp_min(least) ** STRENGTH / of_weights.clamp_min(least) ** (1 - STRENGTH)
        found[node.name] = scale / scale.log().mean().exp()
    return found


def _costs(
    graph: Graph, calibration: Sequence[Inputs], integers: Integers, norms: Sequence[fx.Node]
) -> dict[str, float]:
    """Layer norm -> what min/max costs at the layers that read it."""
    tensors = case_of(graph, calibration, integers).tensors
    found = {}
    for node in norms:
        tensor = tensors[node.name]
        weights = {name: layer.clipped(torch.ones(layer.weight.shape[:2])) for name, layer in tensor.layers.items()}
        found[node.name] = tensor.cost(Shares(), weights)
    return found
