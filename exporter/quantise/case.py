"""A graph on calibration inputs, as choices are judged on it: what was sampled, and the extremes of every tensor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import fx

from exporter.graphs.capture import Graph
from exporter.operations.last import last
from exporter.operations.of_program import operations, operator_name
from exporter.quantise.curvature import curved
from exporter.quantise.judged import LayerOnInputs, TensorOnInputs, judged_with
from exporter.quantise.observed import Range
from exporter.quantise.realised import Parameters, parameters
from exporter.quantise.sampled import Positions, Values, sample_positions, sample_values
from exporter.quantise.scheme import Integers
from exporter.quantise.simulated import LAYERS, Inputs, Simulation
from exporter.quantise.tensors import in_integers, readers, source

INPUTS = 32
"""On so many calibration inputs choices are judged, as in the paper, taken evenly from all; on all of them extremes are
observed. Of fewer, a kind of picture is missed: with eight, one of noise lost 16 dB (mobilevit_xs, LiteRT)."""


@dataclass(frozen=True)
class Case:
    """A graph on calibration inputs, as `choose` takes it."""

    tensors: Mapping[str, TensorOnInputs]
    layers: Mapping[str, LayerOnInputs]
    read_by: Mapping[str, str]
    """Layer -> the tensor that it reads"""
    extremes: Mapping[str, Range]
    """Of each tensor, over all inputs"""
    given: Mapping[str, Parameters]
    """Layer -> its weights and biases"""


def case_of(graph: Graph, calibration: Sequence[Inputs], integers: Integers) -> Case:
    """Run the calibration inputs, and keep of them what choices are judged on."""
    simulation = Simulation(graph.program)
    nodes = {node.name: node for node in computed(simulation.graph, integers)}
    layers = {name: node for name, node in nodes.items() if node.target in LAYERS}
    lows, highs = _extremes(simulation, list(nodes), calibration)
    own: dict[str, list[Values]] = {name: [] for name in nodes}
    positions: dict[str, list[Positions]] = {name: [] for name in layers}
    generator = torch.Generator().manual_seed(0)
    wanted = {*nodes, *(_input(layer).name for layer in layers.values())}
    chosen = judged_inputs(len(calibration))
    for values, curvature in curved(graph, [calibration[one] for one in chosen], wanted):
        for name, layer in layers.items():
            positions[name].append(sample_positions(layer, values[_input(layer).name], curvature[name], generator))
        for name, node in nodes.items():
            if not _read_by_layers_alone(node):
                own[name].append(sample_values(values[name], curvature[name], generator))
    given = {name: parameters(simulation.unlifted, layer) for name, layer in layers.items()}
    end = {one.name for one in last(list(operations(graph.program)), [operator_name(node) for node in layers.values()])}
    judged = {
        name: LayerOnInputs(given[name].weight, positions.pop(name), integers.greatest(last=name in end))
        for name in layers
    }
    read_by = {name: source(_input(layer)).name for name, layer in layers.items()}
    tensors = {
        name: TensorOnInputs(
            judged_with(lows[name], highs[name]),
            own[name],
            {layer: judged[layer] for layer, read in read_by.items() if read == name},
            integers,
        )
        for name in nodes
    }
    extremes = {name: Range(min(lows[name]), max(highs[name])) for name in nodes}
    return Case(tensors, judged, read_by, extremes, given)


def judged_inputs(count: int, most: int = INPUTS) -> list[int]:
    """Which of so many calibration inputs choices are judged on, if it is not on more than `most`."""
    return sorted({round(step * (count - 1) / max(1, most - 1)) for step in range(most)})


def computed(graph: fx.Graph, integers: Integers) -> list[fx.Node]:
    """What of `in_integers` depends on inputs: constants are rounded as they are."""
    return [node for node in in_integers(graph, integers.kinds) if node.op != "get_attr"]


def _input(layer: fx.Node) -> fx.Node:
    (given, *_) = layer.all_input_nodes
    return given


def _read_by_layers_alone(node: fx.Node) -> bool:
    users = list(readers(node))
    return bool(users) and all(user.target in LAYERS for user in users)


def _extremes(
    simulation: Simulation, names: Sequence[str], calibration: Sequence[Inputs]
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Least and greatest value of each tensor, by input."""
    lows: dict[str, list[float]] = {name: [] for name in names}
    highs: dict[str, list[float]] = {name: [] for name in names}
    for inputs in calibration:
        for name, value in simulation.record(inputs, names)[1].items():
            lows[name].append(float(value.min()))
            highs[name].append(float(value.max()))
    return lows, highs
