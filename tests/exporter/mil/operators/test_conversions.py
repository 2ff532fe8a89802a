"""From one type to another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import BackendError
from tests.exporter.mil.operators.programs import assert_agrees, evaluate, generators, proves

RANGES = {"int8": (-128, 127), "uint8": (0, 255)}


@proves("cast")
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32"])
@given(generators)
def test_numbers_lose_their_fraction(kind, dtype, rng):
    least = -100 if dtype.startswith("int") else 0
    x = rng.uniform(least, 100, 9).astype(np.float32)
    assert_agrees(evaluate(kind, {"x": x}, dtype=dtype), [int(value) for value in x])


@proves("cast")
@pytest.mark.parametrize("type", [np.int32, bool])
def test_integers_and_booleans_become_numbers(kind, type):
    x = np.array([0, 1, 3], type)
    result = evaluate(kind, {"x": x}, dtype="fp32")
    assert result.dtype == np.float32
    assert_agrees(result, x.astype(np.float32))


@proves("cast")
@pytest.mark.parametrize("type", [np.float32, np.int32])
def test_what_is_not_zero_is_true(kind, type):
    assert_agrees(evaluate(kind, {"x": np.array([0, -1, 2], type)}, dtype="bool"), [False, True, True])


@proves("cast")
def test_a_cast_to_half_precision_keeps_a_value_in_single_precision(kind):
    """Rounding is what the arithmetic asks for, not the program."""
    x = np.float32([0.1])
    assert_agrees(evaluate(kind, {"x": x}, dtype="fp16"), x, tolerance=0)


@proves("cast")
@pytest.mark.parametrize(
    ("value", "dtype"), [(128, "int8"), (-1, "uint8"), (2.0**31, "int32"), (65536, "uint16"), (np.nan, "int32")]
)
def test_values_beyond_a_type_are_refused(kind, value, dtype):
    with pytest.raises(BackendError, match=f"values beyond {dtype}"):
        evaluate(kind, {"x": np.float32([value])}, dtype=dtype)


@st.composite
def quantizations(draw):
    """x, and what its steps are: for the whole, or for each element of an axis."""
    rng, dtype = draw(generators), draw(st.sampled_from(sorted(RANGES)))
    x = 20 * rng.standard_normal((2, 3, 4), np.float32)
    axis = draw(st.sampled_from([None, 0, 1, 2, -1]))
    shape = () if axis is None else (x.shape[axis],)
    scale = rng.uniform(0.05, 0.5, shape).astype(np.float32)
    zero = rng.integers(*RANGES[dtype], shape).astype(dtype) if draw(st.booleans()) else None
    return x, dtype, axis, scale, zero


def attributes(axis, scale, zero):
    given = {"scale": np.float32(scale), "axis": axis, "zero_point": zero}
    return {name: value for name, value in given.items() if value is not None}


def spread(values, axis):
    return values if axis is None else values.reshape([-1 if place == axis % 3 else 1 for place in range(3)])


@proves("quantize")
@given(quantizations())
def test_steps_are_rounded_and_clipped_to_the_type(kind, drawn):
    x, dtype, axis, scale, zero = drawn
    shift = 0 if zero is None else spread(zero.astype(np.float64), axis)
    expected = np.clip(np.rint(x / spread(scale, axis)) + shift, *RANGES[dtype])
    result = evaluate(kind, {"input": x}, output_dtype=dtype, **attributes(axis, scale, zero))
    assert result.dtype == dtype
    assert_agrees(result, expected)


@proves("quantize")
def test_half_a_step_goes_to_the_even_neighbour(kind):
    x = np.float32([0.25, 0.75, 1.25])
    assert_agrees(evaluate(kind, {"input": x}, scale=np.float32(0.5), output_dtype="int8"), [0, 2, 2])


@proves("dequantize")
@given(quantizations())
def test_steps_become_numbers_again(kind, drawn):
    x, dtype, axis, scale, zero = drawn
    steps = np.clip(x, *RANGES[dtype]).astype(dtype)
    shift = 0 if zero is None else spread(zero.astype(np.float64), axis)
    expected = (steps.astype(np.float64) - shift) * spread(scale, axis)
    assert_agrees(evaluate(kind, {"input": steps}, **attributes(axis, scale, zero)), expected)
