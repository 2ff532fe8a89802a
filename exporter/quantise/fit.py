"""Fits eight-bit integers to a graph: other weights in its program, and ranges for its tensors wherever they run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch

from exporter.graphs.capture import Graph
from exporter.quantise.biases import mean_errors
from exporter.quantise.case import Case, case_of, computed, judged_inputs
from exporter.quantise.folding import folded
from exporter.quantise.judged import Shares
from exporter.quantise.observed import Observed, Range, Reading
from exporter.quantise.qhyvit import Choice, choose
from exporter.quantise.realised import Known, Parameters, recognising, with_parameters
from exporter.quantise.scheme import Integers
from exporter.quantise.simulated import Inputs, Rounding, Simulation


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
    """The dearest with min/max first; both are after folding"""
    folded: tuple[str, ...]
    """Layer norms that scales were moved out of"""

    @property
    def extremes(self) -> float:
        """What min/max costs in sum."""
        return sum(cost.extremes for cost in self.costs)

    @property
    def chosen(self) -> float:
        """What was chosen costs in sum."""
        return sum(cost.chosen for cost in self.costs)


def fit(graph: Graph, calibration: Sequence[Inputs], integers: Integers) -> Fitted:
    """Move scales out of layer norms, choose ranges and weights for what is in `integers`, and correct the biases.

    Raises `ValueError` without calibration inputs.
    """
    if not calibration:
        raise ValueError("without calibration inputs no range is known")
    graph, moved = folded(graph, calibration, integers)
    case = case_of(graph, calibration, integers)
    choice = choose(case.tensors, case.layers, case.read_by)
    costs = _costs(case, choice)
    weights = {name: choice.weights[name].reshape(given.weight.shape) for name, given in case.given.items()}
    values = {name: integers.affine(choice.shares[name].of(seen)) for name, seen in case.extremes.items()}
    judged = [calibration[one] for one in judged_inputs(len(calibration))]
    errors = mean_errors(graph.program, Rounding(values, weights), judged)
    chosen = {name: Parameters(weights[name], given.bias - errors[name]) for name, given in case.given.items()}
    changed = replace(graph, program=with_parameters(graph.program, chosen))
    return Fitted(changed, recognising(_known(changed, choice.shares.values(), calibration, integers)), costs, moved)


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


def _known(graph: Graph, shares: Iterable[Shares], calibration: Sequence[Inputs], integers: Integers) -> list[Known]:
    """The ranges of a changed program's tensors: shares of the extremes that they have in it."""
    simulation = Simulation(graph.program)
    names = [node.name for node in computed(simulation.graph, integers)]
    observed = {name: Observed() for name in names}
    for inputs in calibration:
        for name, value in simulation.record(inputs, names)[1].items():
            observed[name].add(value.numpy())
    return [
        Known(one, share.of(Range(one.low, one.high))) for one, share in zip(observed.values(), shares, strict=True)
    ]
