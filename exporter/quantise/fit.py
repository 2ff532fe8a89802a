"""Fits eight-bit integers to a graph: other weights in its program, and ranges for its tensors wherever they run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import fx

from exporter.graphs.capture import Graph
from exporter.quantise.biases import mean_errors
from exporter.quantise.curvature import curved
from exporter.quantise.judged import LayerOnInputs, Shares, TensorOnInputs, judged_with
from exporter.quantise.observed import Observed, Range, Reading, affine
from exporter.quantise.qhyvit import Choice, choose
from exporter.quantise.realised import Known, Parameters, parameters, recognising, with_parameters
from exporter.quantise.sampled import Positions, Values, sample_positions, sample_values
from exporter.quantise.simulated import LAYERS, Inputs, Rounding, Simulation
from exporter.quantise.tensors import in_integers, readers, source

INPUTS = 8
"""On so many calibration inputs choices are judged; on all of them extremes are observed"""


@dataclass(frozen=True)
class Cost:
    """Of a tensor's range or a layer's integers, as `judged` has it."""

    name: str
    """Node of the program"""
    kind: Literal["tensor", "layer"]
    extremes: float
    """Where ranges and weights are those of min/max"""
    chosen: float


@dataclass(frozen=True)
class Fitted:
    """A graph whose weights are integers' already, with the ranges that go with them."""

    graph: Graph
    reading: Reading
    """For backends that observe the graph on all calibration inputs"""
    costs: tuple[Cost, ...]
    """The dearest with min/max first"""

    @property
    def extremes(self) -> float:
        """What min/max costs in sum."""
        return sum(cost.extremes for cost in self.costs)

    @property
    def chosen(self) -> float:
        """What was chosen costs in sum."""
        return sum(cost.chosen for cost in self.costs)


def fit(graph: Graph, calibration: Sequence[Inputs], *, seed: int = 0) -> Fitted:
    """Choose ranges and weights for what `in_integers` says of the graph's program, and correct its biases.

    Raises `ValueError` without calibration inputs.
    """
    if not calibration:
        raise ValueError("without calibration inputs no range is known")
    case = case_of(graph, calibration, seed)
    choice = choose(case.tensors, case.layers, case.read_by)
    costs = _costs(case, choice)
    weights = {name: choice.weights[name].reshape(given.weight.shape) for name, given in case.given.items()}
    rounding = Rounding({name: affine(choice.shares[name].of(seen)) for name, seen in case.extremes.items()}, weights)
    errors = mean_errors(graph.program, rounding, calibration[:INPUTS])
    chosen = {name: Parameters(weights[name], given.bias - errors[name]) for name, given in case.given.items()}
    changed = replace(graph, program=with_parameters(graph.program, chosen))
    return Fitted(changed, recognising(_known(changed, list(choice.shares.values()), calibration)), costs)


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


def case_of(graph: Graph, calibration: Sequence[Inputs], seed: int = 0) -> Case:
    """Run the calibration inputs, and keep of them what choices are judged on."""
    simulation = Simulation(graph.program)
    nodes = {node.name: node for node in computed(simulation.graph)}
    layers = {name: node for name, node in nodes.items() if node.target in LAYERS}
    lows, highs = _extremes(simulation, list(nodes), calibration)
    own: dict[str, list[Values]] = {name: [] for name in nodes}
    positions: dict[str, list[Positions]] = {name: [] for name in layers}
    generator = torch.Generator().manual_seed(seed)
    wanted = {*nodes, *(_input(layer).name for layer in layers.values())}
    for values, curvature in curved(graph, calibration[:INPUTS], wanted, seed=seed):
        for name, layer in layers.items():
            positions[name].append(sample_positions(layer, values[_input(layer).name], curvature[name], generator))
        for name, node in nodes.items():
            if not _read_by_layers_alone(node):
                own[name].append(sample_values(values[name], curvature[name], generator))
    given = {name: parameters(simulation.unlifted, layer) for name, layer in layers.items()}
    judged = {name: LayerOnInputs(given[name].weight, positions.pop(name)) for name in layers}
    read_by = {name: source(_input(layer)).name for name, layer in layers.items()}
    count = min(INPUTS, len(calibration))
    tensors = {
        name: TensorOnInputs(
            judged_with(lows[name], count),
            judged_with(highs[name], count),
            own[name],
            {layer: judged[layer] for layer, read in read_by.items() if read == name},
        )
        for name in nodes
    }
    extremes = {name: Range(min(lows[name]), max(highs[name])) for name in nodes}
    return Case(tensors, judged, read_by, extremes, given)


def computed(graph: fx.Graph) -> list[fx.Node]:
    """What of `in_integers` depends on inputs: constants are rounded as they are."""
    return [node for node in in_integers(graph) if node.op != "get_attr"]


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


def _costs(case: Case, choice: Choice) -> tuple[Cost, ...]:
    untouched = {name: layer.clipped(torch.ones(layer.weight.shape[:2])) for name, layer in case.layers.items()}
    found = [
        Cost(name, "tensor", tensor.own_cost(Shares()), tensor.own_cost(choice.shares[name]))
        for name, tensor in case.tensors.items()
    ]
    for name, layer in case.layers.items():
        tensor, shares = case.tensors[case.read_by[name]], choice.shares[case.read_by[name]]
        before = layer.errors(tensor.rounded(layer.columns, Shares()), untouched[name])
        after = layer.errors(tensor.rounded(layer.columns, shares), choice.weights[name])
        found.append(Cost(name, "layer", float(layer.cost(before).sum()), float(layer.cost(after).sum())))
    return tuple(sorted(found, key=lambda cost: -cost.extremes))


def _known(graph: Graph, shares: Sequence[Shares], calibration: Sequence[Inputs]) -> list[Known]:
    """The ranges of a changed program's tensors: shares of the extremes that they have in it."""
    simulation = Simulation(graph.program)
    names = [node.name for node in computed(simulation.graph)]
    observed = {name: Observed() for name in names}
    for inputs in calibration:
        for name, value in simulation.record(inputs, names)[1].items():
            observed[name].add(value.numpy())
    return [
        Known(one, share.of(Range(one.low, one.high))) for one, share in zip(observed.values(), shares, strict=True)
    ]
