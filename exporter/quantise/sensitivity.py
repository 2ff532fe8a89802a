"""Where accuracy is lost: what is left of a graph's outputs with only one kind of operator in integers, or only one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx

from exporter.graphs.capture import Graph
from exporter.operations.of_program import module_of, operator_name
from exporter.operations.relative_error import sqnr
from exporter.quantise.observed import Affine, Observed, Reading, affine, extremes
from exporter.quantise.realised import parameters
from exporter.quantise.scheme import Integers
from exporter.quantise.simulated import LAYERS, Inputs, Rounding, Simulation, rounded_weights
from exporter.quantise.tensors import operands, operators


@dataclass(frozen=True)
class Loss:
    """What is left of the outputs with some operators in integers of eight bits."""

    name: str
    """A kind of operator, as `aten.conv2d.default`, or an operator's node"""
    module: str
    """Path of the module that an operator was captured from; empty for a kind"""
    sqnr: float
    """dB, of all outputs on all inputs together"""


def by_kind(
    graph: Graph, calibration: Sequence[Inputs], inputs: Sequence[Inputs], *, reading: Reading = extremes
) -> tuple[Loss, ...]:
    """Each kind of operator alone, the worst first: its weights, what it reads and what it computes."""
    subject = _Subject(graph, calibration, inputs, reading)
    kinds = defaultdict[str, list[fx.Node]](list)
    for node in subject.operators:
        kinds[operator_name(node)].append(node)
    return _worst_first(Loss(kind, "", subject.sqnr(nodes)) for kind, nodes in kinds.items())


def by_operator(
    graph: Graph, calibration: Sequence[Inputs], inputs: Sequence[Inputs], *, reading: Reading = extremes
) -> tuple[Loss, ...]:
    """Each operator alone, the worst first."""
    subject = _Subject(graph, calibration, inputs, reading)
    return _worst_first(Loss(node.name, module_of(node), subject.sqnr([node])) for node in subject.operators)


def ranges(
    simulation: Simulation, nodes: Collection[fx.Node], calibration: Sequence[Inputs], reading: Reading
) -> dict[str, Affine]:
    """Node -> integers for the range that `reading` reads off what it computes on the calibration inputs."""
    observed = {node.name: Observed() for node in nodes}
    for inputs in calibration:
        for name, value in simulation.record(inputs, observed)[1].items():
            observed[name].add(value.numpy())
    return {name: affine(reading(one)) for name, one in observed.items()}


def rounding_of(
    simulation: Simulation, operators: Sequence[fx.Node], calibration: Sequence[Inputs], reading: Reading
) -> Rounding:
    """What is rounded where these operators compute in integers; a constant that one adds has its own extremes."""
    touched = {one for node in operators for one in (*operands(node), node)}
    computed = {node for node in touched if node.op != "get_attr"}
    values = ranges(simulation, computed, calibration, reading)
    values |= ranges(simulation, touched - computed, calibration[:1], extremes)
    layers = [node for node in operators if node.target in LAYERS]
    return Rounding(
        values, {node.name: rounded_weights(parameters(simulation.unlifted, node).weight) for node in layers}
    )


class _Subject:
    """A graph whose operators are quantised in turn, on the same inputs."""

    def __init__(self, graph: Graph, calibration: Sequence[Inputs], inputs: Sequence[Inputs], reading: Reading) -> None:
        self._program, self._inputs = graph.program, inputs
        simulation = Simulation(graph.program)
        self.operators = operators(simulation.graph, Integers().kinds)
        self._all = rounding_of(simulation, self.operators, calibration, reading)
        self._reference = self._outputs(simulation)

    def sqnr(self, operators: Sequence[fx.Node]) -> float:
        """With these operators in integers, and all others as they are."""
        touched = {one.name for node in operators for one in (*operands(node), node)}
        names = {node.name for node in operators}
        some = Rounding(
            {name: how for name, how in self._all.values.items() if name in touched},
            {name: weight for name, weight in self._all.weights.items() if name in names},
        )
        return sqnr(self._outputs(Simulation(self._program, some)).numpy(), self._reference.numpy())

    def _outputs(self, simulation: Simulation) -> Tensor:
        return torch.cat([one.flatten() for inputs in self._inputs for one in simulation.outputs(inputs)])


def _worst_first(losses: Iterable[Loss]) -> tuple[Loss, ...]:
    return tuple(sorted(losses, key=lambda loss: loss.sqnr))
