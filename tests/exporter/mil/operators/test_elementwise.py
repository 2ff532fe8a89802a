"""Arithmetic, comparisons and logic. What is expected is computed by NumPy in float64."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, mutually_broadcastable_shapes

from exporter.errors import BackendError
from tests.exporter.mil.operators.programs import assert_agrees, evaluate, generators, proves

REAL, POSITIVE, WITHIN_ONE = (-4.0, 4.0), (0.01, 4.0), (-0.99, 0.99)

UNARY = {
    "abs": (np.abs, REAL),
    "acos": (np.arccos, WITHIN_ONE),
    "asin": (np.arcsin, WITHIN_ONE),
    "atan": (np.arctan, REAL),
    "atanh": (np.arctanh, WITHIN_ONE),
    "ceil": (np.ceil, REAL),
    "cos": (np.cos, REAL),
    "cosh": (np.cosh, REAL),
    "erf": (np.vectorize(math.erf), REAL),
    "exp": (np.exp, REAL),
    "exp2": (lambda x: 2**x, REAL),
    "floor": (np.floor, REAL),
    "identity": (lambda x: x, REAL),
    "round": (np.vectorize(round), REAL),  # Python's, which takes halves to the even neighbour
    "sign": (np.sign, REAL),
    "sin": (np.sin, REAL),
    "sinh": (np.sinh, REAL),
    "sqrt": (np.sqrt, POSITIVE),
    "square": (lambda x: x * x, REAL),
    "tan": (np.tan, (-1.4, 1.4)),
    "tanh": (np.tanh, REAL),
}
"""Operator -> function, and where it is tried"""

BINARY = {
    "add": np.add,
    "floor_div": lambda x, y: np.floor(x / y),
    "maximum": np.maximum,
    "minimum": np.minimum,
    "mod": lambda x, y: x - y * np.floor(x / y),
    "mul": np.multiply,
    "real_div": np.divide,
    "sub": np.subtract,
}

COMPARISONS = {
    "equal": np.equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "not_equal": np.not_equal,
}

LOGIC = {"logical_and": np.logical_and, "logical_or": np.logical_or, "logical_xor": np.logical_xor}

shapes = array_shapes(max_dims=4, max_side=4)
pairs_of_shapes = mutually_broadcastable_shapes(num_shapes=2, min_dims=1, max_dims=4, max_side=4).map(
    lambda broadcast: broadcast.input_shapes
)


def uniform(rng, domain, shape):
    return rng.uniform(*domain, shape).astype(np.float32)


def integers(rng, shape, least=-9, greatest=9):
    return rng.integers(least, greatest, shape, np.int32, endpoint=True)


@proves(*UNARY)
@given(generators, shapes)
def test_a_function_of_each_element(kind, rng, shape):
    function, domain = UNARY[kind]
    x = uniform(rng, domain, shape)
    assert_agrees(evaluate(kind, {"x": x}), function(x.astype(np.float64)))


@proves("abs", "sign", "square")
@given(generators, shapes)
def test_a_function_of_integers_is_one(kind, rng, shape):
    x = integers(rng, shape)
    assert_agrees(evaluate(kind, {"x": x}), UNARY[kind][0](x))


@proves("round")
def test_halves_are_rounded_to_the_even_neighbour(kind):
    x = np.float32([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    assert_agrees(evaluate(kind, {"x": x}), np.float32([-2, -2, 0, 0, 2, 2]))


@proves(*BINARY)
@given(generators, pairs_of_shapes)
def test_arithmetic_broadcasts(kind, rng, pair):
    x, y = (uniform(rng, REAL, shape) for shape in pair)
    assert_agrees(evaluate(kind, {"x": x, "y": y}), BINARY[kind](x.astype(np.float64), y.astype(np.float64)))


@proves(*(kind for kind in BINARY if kind != "real_div"))
@given(generators, pairs_of_shapes)
def test_arithmetic_of_integers_is_exact(kind, rng, pair):
    """A division rounds down, for negative numbers too, and a remainder has its divisor's sign, as in PyTorch."""
    x, y = (integers(rng, shape) for shape in pair)
    y[y == 0] = 3
    assert_agrees(evaluate(kind, {"x": x, "y": y}), BINARY[kind](x, y))


@proves("real_div")
@given(generators, shapes)
def test_integers_divide_where_nothing_remains(kind, rng, shape):
    x, y = integers(rng, shape), integers(rng, shape, 1)
    assert_agrees(evaluate(kind, {"x": x * y, "y": y}), x)


@proves("real_div")
def test_the_quotient_of_large_integers_is_exact(kind):
    """They have more digits than a float32."""
    large = np.int32([2**24 + 1])
    assert_agrees(evaluate(kind, {"x": large, "y": np.int32([1])}), large)


def test_integers_that_do_not_divide_are_refused():
    """Their quotient is declared an integer, and nothing says which."""
    with pytest.raises(BackendError, match="do not divide"):
        evaluate("real_div", {"x": np.int32([3]), "y": np.int32([2])})


def test_powers_of_two_by_integers_are_refused():
    with pytest.raises(BackendError, match="integers"):
        evaluate("exp2", {"x": np.int32([-1])})


@proves("pow")
@given(generators, pairs_of_shapes)
def test_powers(kind, rng, pair):
    x, y = (uniform(rng, domain, shape) for domain, shape in zip((POSITIVE, (-2, 2)), pair, strict=True))
    assert_agrees(evaluate(kind, {"x": x, "y": y}), x.astype(np.float64) ** y, tolerance=1e-4)


@proves("pow")
@given(generators, pairs_of_shapes)
def test_powers_of_integers(kind, rng, pair):
    x, y = (integers(rng, shape, *domain) for domain, shape in zip(((-5, 5), (0, 4)), pair, strict=True))
    assert_agrees(evaluate(kind, {"x": x, "y": y}), x**y)


@proves(*COMPARISONS)
@pytest.mark.parametrize("type", [np.float32, np.int32])
@given(generators, pairs_of_shapes)
def test_comparisons_are_booleans(kind, type, rng, pair):
    x, y = (integers(rng, shape, -2, 2).astype(type) for shape in pair)
    result = evaluate(kind, {"x": x, "y": y})
    assert result.dtype == bool
    assert_agrees(result, COMPARISONS[kind](x, y))


@proves(*LOGIC)
@given(generators, pairs_of_shapes)
def test_logic(kind, rng, pair):
    x, y = (rng.integers(0, 2, shape).astype(bool) for shape in pair)
    assert_agrees(evaluate(kind, {"x": x, "y": y}), LOGIC[kind](x, y))


@proves("logical_not")
def test_not(kind):
    assert_agrees(evaluate(kind, {"x": np.array([True, False])}), np.array([False, True]))


@proves("clip")
@given(generators, shapes, st.floats(-3, 0, width=32), st.floats(0.5, 3, width=32))
def test_values_are_clipped_at_both_ends(kind, rng, shape, low, high):
    x = uniform(rng, REAL, shape)
    assert_agrees(evaluate(kind, {"x": x}, alpha=np.float32(low), beta=np.float32(high)), np.clip(x, low, high))


@proves("threshold")
@given(generators, shapes, st.integers(-3, 3))
def test_values_are_no_less_than_a_threshold(kind, rng, shape, low):
    x, whole = uniform(rng, REAL, shape), integers(rng, shape)
    assert_agrees(evaluate(kind, {"x": x}, alpha=np.float32(low)), np.maximum(x, np.float32(low)))
    assert_agrees(evaluate(kind, {"x": whole}, alpha=np.int32(low)), np.maximum(whole, low))


@proves("inverse", "log", "rsqrt")
@given(generators, shapes, st.sampled_from([None, 1e-3, 0.5]))
def test_epsilon_is_added_beforehand(kind, rng, shape, epsilon):
    x = uniform(rng, POSITIVE, shape)
    default = {"inverse": 1e-4, "log": 1e-45, "rsqrt": 1e-12}[kind]
    function = {"inverse": np.reciprocal, "log": np.log, "rsqrt": lambda x: 1 / np.sqrt(x)}[kind]
    given = {} if epsilon is None else {"epsilon": np.float32(epsilon)}
    assert_agrees(evaluate(kind, {"x": x}, **given), function(x.astype(np.float64) + (epsilon or default)))


@proves("select")
@pytest.mark.parametrize("type", [np.float32, np.int32, bool])
@given(generators, pairs_of_shapes)
def test_a_condition_selects_element_by_element(kind, type, rng, pair):
    a, b = (integers(rng, shape, 0, 1).astype(type) for shape in pair)
    condition = rng.integers(0, 2, np.broadcast_shapes(*pair)).astype(bool)
    assert_agrees(evaluate(kind, {"cond": condition, "a": a, "b": b}), np.where(condition, a, b))


@proves("cumsum")
@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("type", [np.float32, np.int32])
@given(generators, shapes, st.data())
def test_running_sums(kind, exclusive, reverse, type, rng, shape, data):
    axis = data.draw(st.integers(-1, len(shape) - 1))
    x = integers(rng, shape).astype(type)
    moved = np.moveaxis(x, axis, 0)
    expected = np.zeros_like(moved)
    for place in range(len(moved)):
        before, after = moved[: place + (not exclusive)], moved[place + exclusive :]
        expected[place] = (after if reverse else before).sum(0)
    actual = evaluate(kind, {"x": x}, axis=axis, exclusive=exclusive, reverse=reverse)
    assert_agrees(actual, np.moveaxis(expected, 0, axis))


@proves("cumsum")
def test_an_infinite_element_does_not_spoil_the_sums_that_leave_it_out(kind):
    actual = evaluate(kind, {"x": np.float32([1, np.inf, 2])}, axis=0, exclusive=True)
    assert_agrees(actual, np.float32([0, 1, np.inf]))
