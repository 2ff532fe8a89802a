"""How large the values of a captured program can become, whatever the weights did to the activations before.

Plain interval arithmetic over operators that bound what they compute: a sigmoid, a clamp, a norm. Between them
everything is taken for unbounded, unless a product with constant weights keeps it bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import exp, inf, prod, sqrt
from typing import TYPE_CHECKING

from exporter.operations.operation import Operation, Value

if TYPE_CHECKING:
    from exporter.manifest import TensorSpec


@dataclass(frozen=True)
class Bounds:
    """The least and the greatest number that an element of a value can be."""

    low: float = -inf
    high: float = inf

    @property
    def largest(self) -> float:
        return max(abs(self.low), abs(self.high))


UNBOUNDED = Bounds()
Rule = Callable[[Operation, list[Bounds]], Bounds]
"""Bounds of an operation's results, from those of its inputs."""


def bounds(operations: Iterable[Operation], inputs: Iterable[TensorSpec]) -> Mapping[str, Bounds]:
    """Compute the bounds of every value by its name; `inputs` are the graph's own, with their ranges."""
    known = {spec.name: Bounds(*spec.value_range) for spec in inputs if spec.value_range is not None}
    made_by: dict[str, Operation] = {}
    for operation in operations:
        given = [_of(value, known) for value in operation.inputs]
        if not given:
            found = UNBOUNDED
        elif _subtracts_own_maximum(operation, made_by):
            found = Bounds(given[0].low - given[0].high, 0.0)
        else:
            found = _RULES.get(base_name(operation.kind), _unbounded)(operation, given)
        for value in operation.outputs:
            known[value.name] = found
            made_by[value.name] = operation
    return known


def base_name(kind: str) -> str:
    """The operator alone: "add" of "aten.add.Tensor" and "aten.add_.Tensor"; other formats' names stay as they are."""
    parts = kind.split(".")
    return parts[1].rstrip("_") if len(parts) > 1 else kind


def _of(value: Value, known: Mapping[str, Bounds]) -> Bounds:
    if value.constant is not None and value.constant.size:
        return Bounds(float(value.constant.min()), float(value.constant.max()))
    return known.get(value.name, UNBOUNDED)


def _subtracts_own_maximum(operation: Operation, made_by: Mapping[str, Operation]) -> bool:
    """x - max(x), which is what makes a softmax safe."""
    if base_name(operation.kind) != "sub" or len(operation.inputs) != 2:
        return False
    left, right = operation.inputs
    source = made_by.get(right.name)
    if source is None or base_name(source.kind) != "amax" or left.name != source.inputs[0].name:
        return False
    return bool(source.attributes.get("keepdim")) and operation.attributes.get("alpha", 1) == 1


def _unbounded(operation: Operation, given: list[Bounds]) -> Bounds:
    return UNBOUNDED


def _within(low: float, high: float) -> Rule:
    return lambda operation, given: Bounds(low, high)


def _unchanged(operation: Operation, given: list[Bounds]) -> Bounds:
    """Of all inputs together: for what moves, joins, averages or selects elements."""
    return Bounds(min(one.low for one in given), max(one.high for one in given)) if given else UNBOUNDED


def _padded(operation: Operation, given: list[Bounds]) -> Bounds:
    value = operation.attributes.get("value") or 0.0
    return Bounds(min(given[0].low, value), max(given[0].high, value))


def _from(least: float) -> Rule:
    """Activations that grow without end on one side only."""
    return lambda operation, given: Bounds(max(least, min(given[0].low, 0.0)), max(given[0].high, 0.0))


def _clamped(operation: Operation, given: list[Bounds]) -> Bounds:
    if len(given) > 1:  # to computed limits
        return UNBOUNDED
    attributes = operation.attributes
    low, high = (attributes.get(name) for name in ("min", "max"))
    if "min_val" in attributes:
        low, high = attributes["min_val"], attributes["max_val"]
    low, high = -inf if low is None else low, inf if high is None else high
    return Bounds(min(max(given[0].low, low), high), max(min(given[0].high, high), low))


def _scalar(operation: Operation, given: list[Bounds]) -> tuple[Bounds, Bounds]:
    """Both operands of an operator that may take its second as a number."""
    if len(given) > 1:
        return given[0], given[1]
    number = operation.attributes.get("other")
    return given[0], Bounds(number, number) if isinstance(number, int | float) else UNBOUNDED


def _sum(operation: Operation, given: list[Bounds]) -> Bounds:
    left, right = _scalar(operation, given)
    if operation.attributes.get("alpha", 1) != 1:
        return UNBOUNDED
    return Bounds(left.low + right.low, left.high + right.high)


def _difference(operation: Operation, given: list[Bounds]) -> Bounds:
    left, right = _scalar(operation, given)
    return _sum(operation, [left, Bounds(-right.high, -right.low)])


def _product(operation: Operation, given: list[Bounds]) -> Bounds:
    left, right = _scalar(operation, given)
    ends = [_times(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
    return Bounds(min(ends), max(ends))


def _quotient(operation: Operation, given: list[Bounds]) -> Bounds:
    left, right = _scalar(operation, given)
    if right.low <= 0 <= right.high:
        return UNBOUNDED
    ends = [a / b for a in (left.low, left.high) for b in (right.low, right.high)]
    return Bounds(min(ends), max(ends)) if right.largest < inf else UNBOUNDED


def _times(a: float, b: float) -> float:
    return 0.0 if 0.0 in (a, b) else a * b


def _exponential(operation: Operation, given: list[Bounds]) -> Bounds:
    return Bounds(0.0, inf if given[0].high > 700 else exp(given[0].high))


def _square(operation: Operation, given: list[Bounds]) -> Bounds:
    squares = base_name(operation.kind) == "square" or operation.attributes.get("exponent") == 2
    return Bounds(0.0, given[0].largest * given[0].largest) if squares and len(given) == 1 else UNBOUNDED


def _layer_norm(operation: Operation, given: list[Bounds]) -> Bounds:
    """No element of n is more than sqrt(n) standard deviations from their mean."""
    width = prod(operation.attributes.get("normalized_shape", ())) or 1
    gain, *bias = [one.largest for one in given[1:]] or [1.0]
    reach = sqrt(width) * gain + sum(bias)
    return Bounds(-reach, reach) if len(given) != 2 else UNBOUNDED  # whether the one is a gain or a bias is not known


def _weighted(operation: Operation, given: list[Bounds]) -> Bounds:
    """A convolution or linear layer with constant weights."""
    import numpy as np

    if len(operation.inputs) < 2 or operation.inputs[1].constant is None or given[0].largest == inf:
        return UNBOUNDED
    weight = np.abs(operation.inputs[1].constant.astype(np.float64))
    gain = float(weight.reshape(len(weight), -1).sum(1).max())
    bias = (
        operation.inputs[2].largest if len(operation.inputs) > 2 and operation.inputs[2].constant is not None else 0.0
    )
    reach = gain * given[0].largest + bias
    return Bounds(-reach, reach)


def _values_of_attention(operation: Operation, given: list[Bounds]) -> Bounds:
    """A mean of the values with some weights."""
    return given[2]


def _of_each(names: str, rule: Rule) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), rule)


_RULES: dict[str, Rule] = {
    **_of_each("sigmoid hardsigmoid softmax _softmax _safe_softmax", _within(0.0, 1.0)),
    **_of_each("tanh sin cos erf", _within(-1.0, 1.0)),
    **_of_each("relu", _from(0.0)),
    **_of_each("gelu", _from(-0.17)),
    **_of_each("silu", _from(-0.28)),
    **_of_each("hardswish", _from(-0.375)),
    **_of_each("relu6", lambda operation, given: Bounds(0.0, 6.0)),
    **_of_each("clamp hardtanh clamp_min clamp_max", _clamped),
    **_of_each(
        "view reshape _unsafe_view permute transpose t slice select narrow expand unsqueeze squeeze contiguous clone "
        "flatten unflatten pixel_shuffle pixel_unshuffle cat stack split split_with_sizes chunk unbind repeat tile "
        "roll max_pool2d adaptive_avg_pool2d mean amax amin index index_select gather upsample_nearest2d "
        "upsample_bilinear2d dropout alias to _to_copy type_as detach lift_fresh_copy",
        _unchanged,
    ),
    **_of_each("constant_pad_nd pad avg_pool2d", _padded),
    **_of_each("add", _sum),
    **_of_each("sub", _difference),
    **_of_each("mul", _product),
    **_of_each("div", _quotient),
    **_of_each("neg", lambda operation, given: Bounds(-given[0].high, -given[0].low)),
    **_of_each("abs", lambda operation, given: Bounds(0.0, given[0].largest)),
    **_of_each("exp", _exponential),
    **_of_each("pow square", _square),
    **_of_each("layer_norm", _layer_norm),
    **_of_each("conv2d convolution linear", _weighted),
    **_of_each("scaled_dot_product_attention", _values_of_attention),
}
