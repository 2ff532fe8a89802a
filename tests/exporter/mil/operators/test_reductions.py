"""Reductions over axes, and what picks or orders elements along one. What is expected is computed in float64."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from exporter.errors import BackendError
from exporter.mil.operators import OPERATORS
from tests.exporter.mil.operators.programs import assert_agrees, evaluate, generators, proves

REDUCTIONS = {
    "reduce_l1_norm": lambda x: np.abs(x).sum(),
    "reduce_l2_norm": lambda x: np.sqrt((x * x).sum()),
    "reduce_log_sum": lambda x: np.log(x.sum()),
    "reduce_log_sum_exp": lambda x: np.log(np.exp(x).sum()),
    "reduce_max": max,
    "reduce_mean": lambda x: x.sum() / x.size,
    "reduce_min": min,
    "reduce_prod": np.prod,
    "reduce_sum": sum,
    "reduce_sum_square": lambda x: (x * x).sum(),
}
"""Of the elements that one result is made of"""

OF_INTEGERS = ["reduce_l1_norm", "reduce_max", "reduce_min", "reduce_prod", "reduce_sum", "reduce_sum_square"]
INEXACT = [kind for kind in REDUCTIONS if kind not in OF_INTEGERS]

shapes = array_shapes(max_dims=4, max_side=4)


@st.composite
def shapes_with_axes(draw):
    shape = draw(shapes)
    axes = draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True))
    return shape, [axis - len(shape) if draw(st.booleans()) else axis for axis in axes]


def reduced(kind, x, axes, keep_dims):
    axes = sorted(axis % x.ndim for axis in axes)
    others = [axis for axis in range(x.ndim) if axis not in axes]
    rows = x.transpose(*others, *axes).reshape(*(x.shape[axis] for axis in others), -1)
    result = np.apply_along_axis(REDUCTIONS[kind], -1, rows)
    return (
        result.reshape([1 if axis in axes else extent for axis, extent in enumerate(x.shape)]) if keep_dims else result
    )


@proves(*REDUCTIONS)
@pytest.mark.parametrize("keep_dims", [False, True])
@given(generators, shapes_with_axes())
def test_reductions_over_axes(kind, keep_dims, rng, drawn):
    shape, axes = drawn
    x = rng.uniform(0.1 if kind == "reduce_log_sum" else -2, 2, shape).astype(np.float32)
    actual = evaluate(kind, {"x": x}, axes=axes, keep_dims=keep_dims)
    assert_agrees(actual, reduced(kind, x.astype(np.float64), axes, keep_dims))


@proves(*REDUCTIONS)
@given(generators, shapes)
def test_without_axes_everything_is_reduced(kind, rng, shape):
    x = rng.uniform(0.1, 2, shape).astype(np.float32)
    assert_agrees(evaluate(kind, {"x": x}), REDUCTIONS[kind](x.astype(np.float64).flatten()))


@proves(*OF_INTEGERS)
@given(generators, shapes_with_axes())
def test_integers_are_reduced_exactly(kind, rng, drawn):
    shape, axes = drawn
    x = rng.integers(-4, 4, shape, np.int32)
    assert_agrees(evaluate(kind, {"x": x}, axes=axes), reduced(kind, x, axes, False).astype(np.int32))


@proves(*INEXACT)
def test_what_integers_have_no_exact_result_for_is_refused(kind):
    with pytest.raises(BackendError, match="integers"):
        evaluate(kind, {"x": np.int32([1, 2])}, axes=[0])


def along(x, axis, pick):
    return np.apply_along_axis(lambda row: min(range(len(row)), key=lambda i: pick(row[i])), axis, x)


@proves("reduce_argmax", "reduce_argmin")
@pytest.mark.parametrize("keep_dims", [False, True])
@pytest.mark.parametrize("dtype", ["int32", "uint16"])
@given(generators, shapes, st.data())
def test_the_first_of_the_extreme_elements_is_the_place(kind, keep_dims, dtype, rng, shape, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = rng.integers(-3, 3, shape).astype(np.float32)
    expected = along(x, axis, pick=(lambda value: -value) if kind == "reduce_argmax" else (lambda value: value))
    expected = np.expand_dims(expected, axis) if keep_dims else expected
    assert_agrees(evaluate(kind, {"x": x}, axis=axis, keep_dims=keep_dims, output_dtype=dtype), expected)


@proves("argsort")
@pytest.mark.parametrize("ascending", [False, True])
@given(generators, shapes, st.data())
def test_equal_elements_stay_in_order(kind, ascending, rng, shape, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = rng.integers(-3, 3, shape, np.int32)
    expected = np.argsort(x if ascending else -x, axis, kind="stable")
    assert_agrees(evaluate(kind, {"x": x}, axis=axis, ascending=ascending), expected)


@proves("topk")
@pytest.mark.parametrize("ascending", [False, True])
@given(generators, shapes, st.data())
def test_the_greatest_elements_in_order_and_their_places(kind, ascending, rng, shape, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    count = data.draw(st.integers(1, shape[axis]))
    x = rng.standard_normal(shape, np.float32)
    values, places = evaluate(kind, {"x": x}, k=count, axis=axis, ascending=ascending)
    expected = torch.topk(torch.from_numpy(x), count, axis, largest=not ascending, sorted=True)
    assert_agrees(values, expected.values)
    assert_agrees(places, expected.indices)


@proves("topk")
def test_all_elements_are_as_many_as_there_are(kind):
    """-1 is what a program may ask for; coremltools cannot declare its shape, so the interpreter's own is called."""
    values, places = OPERATORS[kind](torch.tensor([1.0, 3.0, 2.0]), k=-1)
    assert (values.tolist(), places.tolist()) == ([3, 2, 1], [1, 2, 0])


@proves("topk")
def test_places_may_be_left_out(kind):
    assert_agrees(evaluate(kind, {"x": np.float32([1, 3, 2])}, k=2, return_indices=False), [3, 2])
