"""The vocabulary that rules are written in: what may be wrong with one operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf, prod

from exporter.lint.bounds import base_name
from exporter.lint.subject import Place, Subject
from exporter.operations import Operation, Value

Condition = Callable[[Operation, Subject], str | None]
"""Says what is wrong with an operation, with its figures; None if nothing is."""
Check = Callable[[Subject], Iterator[Place]]

HALF_NORMAL = 6.1e-5
"""Least number that half precision holds with all its digits; the Neural Engine flushes what is below to zero."""
MOST_BESIDE_A_LOGIT = 6e4
"""Half precision ends at 65504, and a logit is added."""
MOST_EXPONENT = 11.09
"""ln 65504: the exponential of anything greater overflows half precision."""
MOST_TO_SQUARE = 255.9
"""Root of 65504"""
MOST_TERMS = 2048
"""Terms of equal size from which on a sum in half precision loses whole terms: it has 11 bits."""


def each(condition: Condition) -> Check:
    """A check of every operation by itself."""

    def check(subject: Subject) -> Iterator[Place]:
        for operation in subject.operations:
            detail = condition(operation, subject)
            if detail is not None:
                yield Place(operation.where, detail)

    return check


def rank_above(limit: int, but: tuple[str, ...] = ()) -> Condition:
    """Operations on tensors of more axes, `but` for operators of these names."""

    def condition(operation: Operation, subject: Subject) -> str | None:
        if base_name(operation.kind) in but:
            return None
        value = max((*operation.given, *operation.outputs), key=lambda value: value.rank, default=None)
        return (
            None if value is None or value.rank <= limit else f"{operation.kind} of rank {value.rank}, {shape(value)}"
        )

    return condition


def one_of(*names: str) -> Condition:
    """Operators by their names, without ATen's namespace and overload."""

    def condition(operation: Operation, subject: Subject) -> str | None:
        return operation.kind if base_name(operation.kind) in names else None

    return condition


def not_fixed(operation: Operation, subject: Subject) -> str | None:
    value = next((value for value in (*operation.given, *operation.outputs) if None in value.shape), None)
    return None if value is None else f"{operation.kind} of shape {shape(value)}"


def of_type(*types: str) -> Condition:
    """Operations that compute numbers of these types from the inputs, or index with them."""

    def condition(operation: Operation, subject: Subject) -> str | None:
        if not operation.given:
            return None
        value = next((value for value in (*operation.given, *operation.outputs) if value.dtype in types), None)
        return None if value is None else f"{operation.kind} of {value.dtype}, {shape(value)}"

    return condition


def small_epsilon(operation: Operation, subject: Subject) -> str | None:
    """A norm's epsilon that half precision cannot hold, or one that is added before a root or a logarithm."""
    epsilon = operation.attributes.get("eps", operation.attributes.get("epsilon"))
    if isinstance(epsilon, int | float) and 0 < epsilon < HALF_NORMAL:
        return f"{operation.kind} with an epsilon of {epsilon:.0e}"
    return None


def tiny_guard(subject: Subject) -> Iterator[Place]:
    """A constant below half precision's normal numbers, added to what a root, a logarithm or a division then reads."""
    readers = {value.name: one for one in subject.operations for value in one.given}
    for operation in subject.operations:
        if base_name(operation.kind) not in ("add", "clamp", "clamp_min", "maximum"):
            continue
        numbers = [operation.attributes.get(name) for name in ("other", "min")]
        numbers += [value.largest for value in operation.inputs if value.constant is not None and value.elements == 1]
        tiny = next((n for n in numbers if isinstance(n, int | float) and 0 < n < HALF_NORMAL), None)
        reader = readers.get(operation.outputs[0].name) if operation.outputs else None
        if (
            tiny is not None
            and reader is not None
            and base_name(reader.kind) in ("rsqrt", "sqrt", "log", "div", "reciprocal", "pow")
        ):
            yield Place(operation.where, f"{tiny:.0e} added before {reader.kind}")


def beyond_half(operation: Operation, subject: Subject) -> str | None:
    """A constant, or a number, too large in magnitude to be added to a logit in half precision."""
    numbers = [
        number
        for name, number in operation.attributes.items()
        if name in ("other", "value", "fill_value") and isinstance(number, int | float) and not isinstance(number, bool)
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
    "native_layer_norm",
    "native_group_norm",
    "adaptive_avg_pool2d",
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
    if "num_groups" in attributes:
        return source.elements // ((source.shape[0] or 1) * attributes["num_groups"])
    if "cumsum" in operation.kind:
        return source.shape[attributes["dim"]] or 1
    return source.elements // max(operation.outputs[0].elements, 1)


def large_square(operation: Operation, subject: Subject) -> str | None:
    name, inputs = base_name(operation.kind), operation.inputs
    squares = name == "square" or (name == "pow" and operation.attributes.get("exponent", 2) not in (0, 1, 0.5, -0.5))
    squares |= name == "mul" and len(inputs) == 2 and inputs[0].name == inputs[1].name
    if not squares or not operation.given:
        return None
    reach = subject.reach(inputs[0]).largest
    return None if reach <= MOST_TO_SQUARE else f"{operation.kind} of values {_up_to(reach)}"


def large_exponential(operation: Operation, subject: Subject) -> str | None:
    if base_name(operation.kind) not in (
        "exp",
        "expm1",
        "logsumexp",
        "logcumsumexp",
        "softplus",
        "sinh",
        "cosh",
        "exp2",
    ):
        return None
    reach = subject.reach(operation.inputs[0]).high
    return None if reach <= MOST_EXPONENT else f"{operation.kind} of values {_up_to(reach)}"


def _up_to(reach: float) -> str:
    return "without a bound" if reach == inf else f"up to {reach:.3g}"


def shape(value: Value) -> str:
    return f"[{', '.join('?' if extent is None else str(extent) for extent in value.shape)}]"
