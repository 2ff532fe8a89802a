"""The vocabulary that rules are written in: what may be wrong with one operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import inf, prod

from exporter.lint.bounds import base_name
from exporter.lint.subject import Place, Subject
from exporter.operations.operation import Operation, Value

Condition = Callable[[Operation, Subject], str | None]
"""Says what is wrong with an operation, with its figures; None if nothing is."""
Check = Callable[[Subject], Iterator[Place]]

HALF_NORMAL = 6.1e-5
"""Least number that half precision holds with all its digits; the Neural Engine flushes what is below to zero."""
MOST_BESIDE_A_LOGIT = 6e4
"""Half precision ends at 65504, and a logit is added."""
MOST_EXPONENT = 11.09
"""ln 65504: the exponential of anything greater overflows half precision."""
HALF_MOST = 65504.0
"""The greatest number of half precision"""
MOST_TERMS = 2048
"""Terms of equal size from which on a sum in half precision loses whole terms: it has 11 bits."""


def each(condition: Condition) -> Check:
    """Make a check that puts a condition to every operation by itself."""

    def check(subject: Subject) -> Iterator[Place]:
        for operation in subject.operations:
            detail = condition(operation, subject)
            if detail is not None:
                yield Place(operation.where, detail)

    return check


def rank_above(limit: int, but: tuple[str, ...] = ()) -> Condition:
    """Holds for operations on tensors of more than `limit` axes, `but` for operators of these names."""

    def condition(operation: Operation, subject: Subject) -> str | None:
        if base_name(operation.kind) in but:
            return None
        value = max((*operation.given, *operation.outputs), key=lambda value: value.rank, default=None)
        return (
            None if value is None or value.rank <= limit else f"{operation.kind} of rank {value.rank}, {shape(value)}"
        )

    return condition


def not_fixed(operation: Operation, subject: Subject) -> str | None:
    value = next((value for value in (*operation.given, *operation.outputs) if None in value.shape), None)
    return None if value is None else f"{operation.kind} of shape {shape(value)}"


def of_type(*types: str) -> Condition:
    """Holds for operations that compute numbers of these types from the inputs, or index with them."""

    def condition(operation: Operation, subject: Subject) -> str | None:
        if not operation.given:
            return None
        value = next((value for value in (*operation.given, *operation.outputs) if value.dtype in types), None)
        return None if value is None else f"{operation.kind} of {value.dtype}, {shape(value)}"

    return condition


def small_epsilon(operation: Operation, subject: Subject) -> str | None:
    """A norm's epsilon that half precision cannot hold, or one that is added before a root or a logarithm."""
    epsilon = operation.attributes.get("eps")
    if isinstance(epsilon, int | float) and 0 < epsilon < HALF_NORMAL:
        return f"{operation.kind} with an epsilon of {epsilon:.0e}"
    return None


def tiny_guard(subject: Subject) -> Iterator[Place]:
    """A constant below half precision's normal numbers, added to what a root, a logarithm or a division then reads."""
    readers: dict[str, list[Operation]] = {}
    for operation in subject.operations:
        for value in operation.given:
            readers.setdefault(value.name, []).append(operation)
    for operation in subject.operations:
        if base_name(operation.kind) not in ("add", "clamp", "clamp_min", "maximum"):
            continue
        numbers = [operation.attributes.get(name) for name in ("other", "min")]
        numbers += [value.largest for value in operation.inputs if value.constant is not None and value.elements == 1]
        tiny = next((n for n in numbers if isinstance(n, int | float) and 0 < n < HALF_NORMAL), None)
        guarded = _first(readers, operation, _GUARDED) if tiny is not None else None
        if guarded is not None:
            yield Place(operation.where, f"{tiny:.0e} in {operation.kind} before {guarded.kind}")


_GUARDED = ("rsqrt", "sqrt", "log", "log2", "div", "reciprocal", "pow")
_MOVES = ("expand", "view", "reshape", "unsqueeze", "squeeze", "permute", "transpose", "to", "expand_as", "clone")


def _first(readers: Mapping[str, list[Operation]], operation: Operation, kinds: tuple[str, ...]) -> Operation | None:
    """The first operation of these kinds that reads what `operation` computes, though it be moved on the way."""
    for value in operation.outputs:
        for reader in readers.get(value.name, []):
            name = base_name(reader.kind)
            found = reader if name in kinds else _first(readers, reader, kinds) if name in _MOVES else None
            if found is not None:
                return found
    return None


def beyond_half(operation: Operation, subject: Subject) -> str | None:
    """A constant, or a number, too large in magnitude to be added to a logit in half precision."""
    numbers = [
        number
        for name, number in operation.attributes.items()
        if name in ("other", "value", "fill_value", "self", "s")
        and isinstance(number, int | float)
        and not isinstance(number, bool)
    ]
    numbers += [
        float(value.constant.min()) if abs(value.constant.min()) >= value.largest else value.largest
        for value in operation.inputs
        if value.constant is not None and value.constant.size and value.dtype.startswith(("float", "fp"))
    ]
    most = max(numbers, key=abs, default=0.0)
    return f"{operation.kind} with {most:.5g}" if abs(most) > MOST_BESIDE_A_LOGIT else None


_REDUCTIONS = (
    "sum",
    "mean",
    "cumsum",
    "linalg_vector_norm",
    "norm",
    "var",
    "var_mean",
    "std",
    "group_norm",
    "layer_norm",
    "adaptive_avg_pool2d",
    "avg_pool2d",
    "logsumexp",
    "prod",
)


def long_reduction(operation: Operation, subject: Subject) -> str | None:
    """A sum of so many terms that half precision loses some."""
    if base_name(operation.kind) not in _REDUCTIONS or not operation.given:
        return None
    terms = _terms(operation)
    return f"{operation.kind} over {terms:,} elements" if terms > MOST_TERMS else None


def _terms(operation: Operation) -> int:
    """Elements that go into one result."""
    source, attributes = operation.inputs[0], operation.attributes
    if "normalized_shape" in attributes:
        return prod(attributes["normalized_shape"])
    if "kernel_size" in attributes:
        return prod(attributes["kernel_size"])
    if "num_groups" in attributes:
        return source.elements // ((source.shape[0] or 1) * attributes["num_groups"])
    if "cumsum" in operation.kind:
        return source.shape[attributes["dim"]] or 1
    return source.elements // max(operation.outputs[0].elements, 1)


def large_square(operation: Operation, subject: Subject) -> str | None:
    """A square, or a higher power, of values that may be too large for it."""
    name, inputs = base_name(operation.kind), operation.inputs
    power = {"square": 2, "pow": operation.attributes.get("exponent")}.get(name)
    if name == "mul" and len(inputs) == 2 and inputs[0].name == inputs[1].name:
        power = 2
    if not isinstance(power, int | float) or power <= 1 or not operation.given:
        return None
    reach = subject.reach(inputs[0]).largest
    return None if reach <= HALF_MOST ** (1 / power) else f"{operation.kind} of values {_up_to(reach)}"


def large_exponential(operation: Operation, subject: Subject) -> str | None:
    name = base_name(operation.kind)
    most = {"exp2": 16.0}.get(name, MOST_EXPONENT)
    if (
        name not in ("exp", "exp2", "expm1", "logcumsumexp", "logsumexp", "softplus", "sinh", "cosh")
        or not operation.given
    ):
        return None
    reach = subject.reach(operation.inputs[0])
    highest = reach.largest if name in ("sinh", "cosh") else reach.high
    return None if highest <= most else f"{operation.kind} of values {_up_to(highest)}"


def _up_to(reach: float) -> str:
    return "without a bound" if reach == inf else f"up to {reach:.3g}"


def shape(value: Value) -> str:
    return f"[{', '.join('?' if extent is None else str(extent) for extent in value.shape)}]"
