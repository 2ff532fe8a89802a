"""Slices, gathers and scatters, against NumPy's and plain loops."""

import coremltools as ct
import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from exporter.errors import BackendError
from tests.exporter.mil.operators.programs import assert_agrees, evaluate, generators, proves

COMBINE = {
    "add": lambda old, new: old + new,
    "div": lambda old, new: old / new,
    "max": max,
    "min": min,
    "mul": lambda old, new: old * new,
    "sub": lambda old, new: old - new,
    "update": lambda old, new: new,
}
"""What a scatter makes of an element and of an update to it"""

BEFORE_IOS17 = ct.target.iOS16
"""Whose negative indices count from the end; later ones are never negative"""

shapes = array_shapes(max_dims=4, min_side=2, max_side=5)


def numbers(rng, *shape):
    return rng.standard_normal(shape, np.float32)


def places(rng, extent, shape):
    return rng.integers(-extent, extent, shape, np.int32)


@st.composite
def slices(draw):
    """A shape, NumPy's index into it, and MIL's way of saying the same."""
    shape = draw(shapes)
    index, said = [], {name: [] for name in ("begin", "end", "stride", "begin_mask", "end_mask", "squeeze_mask")}
    for extent in shape:
        stride, squeezed = draw(st.sampled_from([1, 1, 2, 3, -1, -2])), draw(st.integers(0, 4)) == 0
        first, last = sorted(draw(st.lists(st.integers(0, extent - 1), min_size=2, max_size=2)))
        begin, end = (first, last + 1) if stride > 0 else (last, first - 1)
        masks = [not squeezed and draw(st.booleans()), draw(st.booleans())]
        if not squeezed and stride < 0 and end < 0:
            masks[1] = True  # what stands before the first element has no number
        negative = draw(st.booleans())
        said["begin"].append(begin - extent if negative else begin)
        # Behind the last element is 0 when counted from the end, which it cannot be.
        said["end"].append(end - extent if negative and end < extent else end)
        said["stride"].append(stride)
        said["begin_mask"].append(masks[0])
        said["end_mask"].append(masks[1])
        said["squeeze_mask"].append(squeezed)
        index.append(begin if squeezed else slice(None if masks[0] else begin, None if masks[1] else end, stride))
    return shape, tuple(index), said


@proves("slice_by_index")
@given(generators, slices())
def test_slices_are_numpy_s(kind, rng, drawn):
    shape, index, said = drawn
    x = numbers(rng, *shape)
    assert_agrees(evaluate(kind, {"x": x}, **said), x[index])


@proves("slice_by_index")
def test_without_masks_and_strides_everything_between_is_taken(kind):
    x = np.arange(20, dtype=np.int32).reshape(4, 5)
    assert_agrees(evaluate(kind, {"x": x}, begin=[1, 0], end=[3, 5]), x[1:3])


@proves("slice_by_index")
def test_ends_beyond_the_axis_stop_there(kind):
    x = np.arange(6, dtype=np.int32)
    assert_agrees(evaluate(kind, {"x": x}, begin=[2], end=[2**31 - 1]), x[2:])


@proves("slice_by_size")
@given(generators, shapes, st.data())
def test_slices_of_a_size(kind, rng, shape, data):
    x, begin, size, index = numbers(rng, *shape), [], [], []
    for extent in shape:
        first = data.draw(st.integers(0, extent - 1))
        count = data.draw(st.integers(1, extent - first))
        index.append(slice(first, first + count))
        whole = first + count == extent and data.draw(st.booleans())
        begin.append(first if whole or data.draw(st.booleans()) else first - extent)
        size.append(-1 if whole else count)
    assert_agrees(evaluate(kind, {"x": x}, begin=begin, size=size), x[tuple(index)])


@proves("slice_update")
@given(generators, slices())
def test_a_slice_is_replaced(kind, rng, drawn):
    shape, index, said = drawn
    x = numbers(rng, *shape)
    update = numbers(rng, *x[index].shape)
    assume(update.ndim)
    expected = x.copy()
    expected[index] = update
    assert_agrees(evaluate(kind, {"x": x, "update": update}, **said), expected)


@proves("gather")
@given(generators, shapes, array_shapes(min_dims=0, max_dims=3, max_side=3), st.data())
def test_whole_slices_are_gathered(kind, rng, shape, chosen, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    x, indices = numbers(rng, *shape), np.asarray(places(rng, shape[axis], chosen))
    actual = evaluate(kind, {"x": x, "indices": indices}, axis=axis, opset=BEFORE_IOS17)
    assert_agrees(actual, np.take(x, indices, axis))


@proves("gather")
@given(generators, st.integers(1, 2), st.integers(0, 1))
def test_batches_have_their_own_indices(kind, rng, batch_dims, further):
    x = numbers(rng, 2, 3, 4, 5)
    axis = batch_dims + further
    indices = rng.integers(0, x.shape[axis], (*x.shape[:batch_dims], 2, 3), np.int32)
    expected = np.zeros((*x.shape[:axis], 2, 3, *x.shape[axis + 1 :]), np.float32)
    for batch in np.ndindex(x.shape[:batch_dims]):
        expected[batch] = np.take(x[batch], indices[batch], further)
    actual = evaluate(kind, {"x": x, "indices": indices}, axis=axis, batch_dims=batch_dims)
    assert_agrees(actual, expected)


@proves("gather_along_axis")
@given(generators, shapes, st.data())
def test_single_elements_are_gathered_as_pytorch_s_gather_does(kind, rng, shape, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    chosen = list(shape)
    chosen[axis] = data.draw(st.integers(1, 4))
    x, indices = numbers(rng, *shape), places(rng, shape[axis], chosen)
    expected = np.take_along_axis(x, indices, axis)
    assert_agrees(evaluate(kind, {"x": x, "indices": indices}, axis=axis, opset=BEFORE_IOS17), expected)
    from_start = torch.from_numpy(np.where(indices < 0, indices + shape[axis], indices)).long()
    assert_agrees(expected, torch.from_numpy(x).gather(axis, from_start))


@proves("gather_nd")
@given(generators, shapes, array_shapes(max_dims=2, max_side=3), st.data())
def test_slices_at_places_are_gathered(kind, rng, shape, chosen, data):
    depth = data.draw(st.integers(1, len(shape)))
    x = numbers(rng, *shape)
    indices = np.stack([places(rng, extent, chosen) for extent in shape[:depth]], -1)
    expected = np.zeros((*chosen, *shape[depth:]), np.float32)
    for place in np.ndindex(*chosen):
        expected[place] = x[tuple(indices[place])]
    assert_agrees(evaluate(kind, {"x": x, "indices": indices}, opset=BEFORE_IOS17), expected)


@proves("gather_nd")
@given(generators, st.integers(1, 2))
def test_batches_have_their_own_places(kind, rng, depth):
    x = numbers(rng, 2, 3, 4, 2)
    indices = np.stack([places(rng, extent, (2, 5)) for extent in x.shape[1 : 1 + depth]], -1)
    expected = np.stack([np.stack([x[(batch, *indices[batch, i])] for i in range(5)]) for batch in range(2)])
    actual = evaluate(kind, {"x": x, "indices": indices}, batch_dims=1, opset=BEFORE_IOS17)
    assert_agrees(actual, expected)


def distinct(rng, mode, extent, count):
    """Indices; for updates no element is named twice, because their order would matter."""
    indices = rng.permutation(extent)[:count] if mode == "update" else rng.integers(0, extent, count)
    return np.where(rng.integers(0, 2, len(indices)), indices, indices - extent).astype(np.int32)


@proves("scatter")
@pytest.mark.parametrize("mode", COMBINE)
@given(generators, shapes, st.integers(1, 6), st.data())
def test_whole_slices_are_scattered(kind, mode, rng, shape, count, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    x, indices = numbers(rng, *shape), distinct(rng, mode, shape[axis], count)
    updates = np.moveaxis(numbers(rng, len(indices), *np.delete(shape, axis)), 0, axis).copy()
    expected = np.moveaxis(x.astype(np.float64), axis, 0)
    for index, update in zip(indices, np.moveaxis(updates, axis, 0), strict=True):
        expected[index] = np.vectorize(COMBINE[mode], otypes=[float])(expected[index], update)
    actual = evaluate(
        kind, {"data": x, "indices": indices, "updates": updates}, axis=axis, mode=mode, opset=BEFORE_IOS17
    )
    assert_agrees(actual, np.moveaxis(expected, 0, axis), tolerance=1e-4)


@proves("scatter_along_axis")
@pytest.mark.parametrize("mode", COMBINE)
@given(generators, shapes, st.integers(1, 6), st.data())
def test_single_elements_are_scattered(kind, mode, rng, shape, count, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = numbers(rng, *shape)
    rest = [int(extent) for extent in np.delete(shape, axis)]
    rows = [distinct(rng, mode, shape[axis], count) for _ in range(int(np.prod(rest)))]
    indices = np.moveaxis(np.stack(rows, -1).reshape(-1, *rest), 0, axis).copy()
    updates = numbers(rng, *indices.shape)
    expected = x.astype(np.float64)
    for place in np.ndindex(*indices.shape):
        target = list(place)
        target[axis] = indices[place]
        expected[tuple(target)] = COMBINE[mode](expected[tuple(target)], updates[place])
    actual = evaluate(
        kind, {"data": x, "indices": indices, "updates": updates}, axis=axis, mode=mode, opset=BEFORE_IOS17
    )
    assert_agrees(actual, expected, tolerance=1e-4)


@proves("scatter_nd")
@pytest.mark.parametrize("mode", COMBINE)
@given(generators, shapes, st.integers(1, 6), st.data())
def test_slices_are_scattered_to_places(kind, mode, rng, shape, count, data):
    depth = data.draw(st.integers(1, len(shape)))
    flat = distinct(rng, mode, int(np.prod(shape[:depth])), count)
    indices = np.stack(np.unravel_index(flat % int(np.prod(shape[:depth])), shape[:depth]), -1).astype(np.int32)
    x, updates = numbers(rng, *shape), numbers(rng, len(flat), *shape[depth:])
    expected = x.astype(np.float64)
    for index, update in zip(indices, updates, strict=True):
        target = tuple(index)
        expected[target] = np.vectorize(COMBINE[mode], otypes=[float])(expected[target], update)
    actual = evaluate(kind, {"data": x, "indices": indices, "updates": updates}, mode=mode)
    assert_agrees(actual, expected, tolerance=1e-4)


@proves("scatter", "scatter_along_axis", "scatter_nd")
@pytest.mark.parametrize("mode", ["add", "max", "min", "mul", "sub", "update"])
def test_integers_are_scattered_exactly(kind, mode):
    x, update = np.int32([7, 8, 9]), np.int32([3])
    expected = x.copy()
    expected[1] = COMBINE[mode](8, 3)
    indices = np.int32([[1]]) if kind == "scatter_nd" else np.int32([1])
    assert_agrees(evaluate(kind, {"data": x, "indices": indices, "updates": update}, mode=mode), expected)


@proves("scatter", "scatter_along_axis", "scatter_nd")
def test_integers_that_an_update_does_not_divide_are_refused(kind):
    indices = np.int32([[1]]) if kind == "scatter_nd" else np.int32([1])
    with pytest.raises(BackendError, match="do not divide"):
        evaluate(kind, {"data": np.int32([7, 8]), "indices": indices, "updates": np.int32([3])}, mode="div")
