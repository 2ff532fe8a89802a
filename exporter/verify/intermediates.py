"""What PyTorch computes on the way to a graph's outputs, and which of it a value from elsewhere agrees with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import fx

from exporter.graphs.capture import Graph
from exporter.operations.of_program import module_of
from exporter.rewrites.catalogue import rewritten

Array = NDArray[Any]

_MOST_AXES = 4
"""Of a value that is tried in every order of its axes"""


@dataclass(frozen=True)
class Intermediate:
    """A value inside a program."""

    name: str
    module: str
    """Path of the module that it was captured from"""
    value: Array


def intermediates(graph: Graph, rewrites: Sequence[str], inputs: Mapping[str, Array]) -> Iterator[Intermediate]:
    """What the program computes on `inputs` after `rewrites`; once as it is, then in two finer decompositions.

    Converters start from one of them, and most of what they fuse or split is a value of another.
    """
    program = rewritten(graph.program, rewrites)
    tensors = {name: torch.from_numpy(np.asarray(value)) for name, value in inputs.items()}
    for form in (program, program.run_decompositions({}), program.run_decompositions()):
        recorder = _Recorder(form.module(check_guards=False))
        names = [node.name for node in recorder.graph.nodes if node.op == "placeholder"]
        with torch.inference_mode():
            recorder.run(*(tensors[name] for name in names))
        yield from recorder.recorded


class _Recorder(fx.Interpreter):
    """Keeps what every operator returns."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.recorded: list[Intermediate] = []

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        if n.op == "call_function" and isinstance(result, torch.Tensor):
            self.recorded.append(Intermediate(n.name, module_of(n), result.numpy()))
        return result


class Index:
    """Intermediates, to be found by value; with `any_order`, whatever the order of their axes."""

    def __init__(self, known: Iterable[Intermediate], tolerance: float, any_order: bool) -> None:
        self.tolerance, self._any_order = tolerance, any_order
        self._by_size: dict[int, list[_Ranged]] = defaultdict(list)
        self._by_name: dict[str, Intermediate] = {}
        for one in known:
            if one.value.size:
                self._add(one)

    def _add(self, one: Intermediate) -> None:
        """The same value in another decomposition is kept once: a tracker's come to a gigabyte."""
        ranged = _Ranged(one, float(one.value.min()), float(one.value.max()))
        same = next((other for other in self._by_size[one.value.size] if other.equals(ranged)), None)
        if same is None:
            self._by_size[one.value.size].append(ranged)
        kept = one if same is None else replace(one, value=same.intermediate.value)
        self._by_name.setdefault(one.name, kept)

    def named(self, name: str, value: Array) -> Intermediate | None:
        """What PyTorch calls by that name, if it has the shape of `value`."""
        one = self._by_name.get(name)
        return one if one is not None and one.value.shape == value.shape else None

    def agreeing(self, value: Array) -> Intermediate | None:
        """One that equals `value` within the tolerance; axes of 1 do not count."""
        if not value.size:
            return None
        low, high = float(value.min()), float(value.max())
        for known in self._by_size[value.size]:
            # Of the spread: values that lie close together agree by chance within a share of their size.
            allowed = self.tolerance * ((known.high - known.low) or abs(known.high))
            near = abs(low - known.low) <= allowed and abs(high - known.high) <= allowed
            if near and self._equal(value, known.intermediate.value, allowed):
                return known.intermediate
        return None

    def _equal(self, value: Array, known: Array, allowed: float) -> bool:
        value, known = value.squeeze(), known.squeeze().astype(np.float32)
        orders = _orders(value, known) if self._any_order else [value] if value.shape == known.shape else []
        differences = (np.abs(one.astype(np.float32) - known) for one in orders)
        if are_flags(known):  # which rounding turns over where what they compare is near the threshold
            return any((difference > 0).mean() <= self.tolerance for difference in differences)
        return any(difference.max() <= allowed for difference in differences)


@dataclass(frozen=True)
class _Ranged:
    """A value with its least and greatest element, which tell most others apart."""

    intermediate: Intermediate
    low: float
    high: float

    def equals(self, other: _Ranged) -> bool:
        a, b = self.intermediate.value, other.intermediate.value
        return (self.low, self.high, a.shape) == (other.low, other.high, b.shape) and np.array_equal(a, b)


def says_something(value: Array) -> bool:
    """Whether agreement on `value` is evidence: flags, indices, constants and few numbers agree by chance."""
    return value.dtype.kind == "f" and value.size >= 4 and bool(value.min() < value.max()) and not are_flags(value)


def are_flags(value: Array) -> bool:
    """Whether a value holds nothing but zeros and ones."""
    return bool(((value == 0) | (value == 1)).all())


def _orders(value: Array, known: Array) -> Iterator[Array]:
    """`value` with its axes in every order that gives it the shape of `known`."""
    if value.ndim == known.ndim <= _MOST_AXES:
        for order in permutations(range(value.ndim)):
            if tuple(value.shape[axis] for axis in order) == known.shape:
                yield value.transpose(order)
