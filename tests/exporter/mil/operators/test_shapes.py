"""Operators that move elements and compute nothing."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from tests.exporter.mil.operators.programs import assert_agrees, evaluate, generators, proves

shapes = array_shapes(max_dims=4, max_side=4)
factors, few = st.integers(2, 3), st.integers(1, 3)
types = st.sampled_from([np.float32, np.int32, bool])


def numbers(rng, *shape, type=np.float32):
    return rng.standard_normal(shape, np.float32) if type is np.float32 else rng.integers(0, 9, shape).astype(type)


def an_axis(data, shape):
    return data.draw(st.integers(-len(shape), len(shape) - 1))


@proves("band_part")
@given(generators, array_shapes(min_dims=2, max_dims=4, max_side=5), st.integers(-1, 4), st.integers(-1, 4), types)
def test_a_band_about_the_diagonal_is_kept(kind, rng, shape, lower, upper, type):
    x = numbers(rng, *shape, type=type)
    expected = x.copy()
    for row, column in np.ndindex(*shape[-2:]):
        if (lower >= 0 and row - column > lower) or (upper >= 0 and column - row > upper):
            expected[..., row, column] = 0
    assert_agrees(evaluate(kind, {"x": x}, lower=lower, upper=upper), expected)


@proves("concat")
@given(generators, shapes, st.lists(few, min_size=1, max_size=3), st.data(), types)
def test_tensors_are_joined_along_an_axis(kind, rng, shape, lengths, data, type):
    axis, values = an_axis(data, shape), []
    for length in lengths:
        own = list(shape)
        own[axis] = length
        values.append(numbers(rng, *own, type=type))
    assert_agrees(evaluate(kind, {"values": values}, axis=axis), np.concatenate(values, axis))


@proves("concat")
@given(generators, shapes, few, st.data())
def test_interleaved_tensors_take_turns(kind, rng, shape, count, data):
    axis, values = an_axis(data, shape), [numbers(rng, *shape) for _ in range(count)]
    expected = np.concatenate([np.take(value, [place], axis) for place in range(shape[axis]) for value in values], axis)
    assert_agrees(evaluate(kind, {"values": values}, axis=axis, interleave=True), expected)


@proves("concat")
def test_numbers_are_joined_to_a_vector(kind):
    values = [np.asarray(np.float32(number)) for number in (1, 2, 3)]
    assert_agrees(evaluate(kind, {"values": values}, axis=0), np.float32([1, 2, 3]))


@proves("crop")
@given(generators, st.lists(st.integers(0, 2), min_size=4, max_size=4))
def test_rows_and_columns_are_cropped(kind, rng, amounts):
    top, bottom, left, right = amounts
    x = numbers(rng, 1, 2, 6, 7)
    actual = evaluate(kind, {"x": x}, crop_height=[top, bottom], crop_width=[left, right])
    assert_agrees(actual, F.pad(torch.from_numpy(x), [-left, -right, -top, -bottom]))


@proves("depth_to_space")
@given(generators, few, few, few, factors)
def test_depth_moves_to_space_by_offsets_outermost(kind, rng, channels, height, width, block):
    """As TensorFlow's, from which coremltools converts it."""
    x = numbers(rng, 2, channels * block**2, height, width)
    expected = np.zeros((2, channels, height * block, width * block), np.float32)
    for row, column in np.ndindex(block, block):
        first = (row * block + column) * channels
        expected[:, :, row::block, column::block] = x[:, first : first + channels]
    assert_agrees(evaluate(kind, {"x": x}, block_size=block), expected)


@proves("space_to_depth")
@given(generators, few, few, few, factors)
def test_space_moves_to_depth_and_back(kind, rng, channels, height, width, block):
    x = numbers(rng, 2, channels, height * block, width * block)
    deep = evaluate(kind, {"x": x}, block_size=block)
    assert_agrees(deep[:, :channels], x[:, :, ::block, ::block])
    assert_agrees(evaluate("depth_to_space", {"x": deep}, block_size=block), x)


@proves("pixel_shuffle")
@given(generators, few, few, few, factors)
def test_pixels_are_shuffled_by_offsets_innermost(kind, rng, channels, height, width, factor):
    x = numbers(rng, 2, channels * factor**2, height, width)
    expected = np.zeros((2, channels, height * factor, width * factor), np.float32)
    for row, column in np.ndindex(factor, factor):
        expected[:, :, row::factor, column::factor] = x[:, row * factor + column :: factor**2]
    assert_agrees(evaluate(kind, {"x": x}, upscale_factor=factor), expected)
    assert_agrees(expected, torch.nn.PixelShuffle(factor)(torch.from_numpy(x)))


@proves("pixel_unshuffle")
@given(generators, few, few, few, factors)
def test_pixels_are_unshuffled_and_shuffled_back(kind, rng, channels, height, width, factor):
    x = numbers(rng, 2, channels, height * factor, width * factor)
    deep = evaluate(kind, {"x": x}, downscale_factor=np.uint32(factor))
    assert_agrees(deep[:, :: factor**2], x[:, :, ::factor, ::factor])
    assert_agrees(evaluate("pixel_shuffle", {"x": deep}, upscale_factor=factor), x)


@proves("expand_dims")
@given(generators, shapes, st.data())
def test_axes_of_one_are_inserted(kind, rng, shape, data):
    x = numbers(rng, *shape)
    rank = len(shape) + data.draw(st.integers(1, 2))
    axes = data.draw(st.permutations(range(rank)))[: rank - len(shape)]
    given = [axis - rank if data.draw(st.booleans()) else axis for axis in axes]
    assert_agrees(evaluate(kind, {"x": x}, axes=given), np.expand_dims(x, tuple(axes)))


@proves("squeeze")
@given(generators, st.lists(st.sampled_from([1, 1, 2, 3]), min_size=2, max_size=4), st.data())
def test_axes_of_one_are_removed_and_others_stay(kind, rng, shape, data):
    x = numbers(rng, *shape)
    axes = data.draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True))
    assert_agrees(evaluate(kind, {"x": x}, axes=axes), torch.from_numpy(x).squeeze(axes))
    assert_agrees(evaluate(kind, {"x": x}), x.squeeze())


@proves("fill")
@given(shapes, st.sampled_from([np.float32(1.5), np.int32(-3), np.True_]))
def test_a_tensor_of_one_value(kind, shape, value):
    assert_agrees(evaluate(kind, {}, shape=np.int32(shape), value=value), np.full(shape, value))


@proves("fill_like")
@given(generators, shapes, st.sampled_from([np.float32(1.5), np.int32(-3), np.True_]))
def test_a_tensor_of_one_value_in_another_s_shape(kind, rng, shape, value):
    assert_agrees(evaluate(kind, {"ref_tensor": numbers(rng, *shape)}, value=value), np.full(shape, value))


@proves("flatten2d")
@given(generators, shapes, st.data())
def test_axes_are_joined_before_and_from_an_axis(kind, rng, shape, data):
    x, axis = numbers(rng, *shape), an_axis(data, shape)
    rows = int(np.prod(shape[: axis % len(shape)]))
    assert_agrees(evaluate(kind, {"x": x}, axis=axis), x.reshape(rows, -1))


@proves("one_hot")
@given(generators, array_shapes(max_dims=3, max_side=3), st.data(), st.sampled_from([np.float32, np.int32]))
def test_indices_become_vectors(kind, rng, shape, data, type):
    count, axis = data.draw(st.integers(1, 5)), an_axis(data, shape)
    indices = rng.integers(0, count, shape, np.int32)
    on, off = type(5), type(-2)
    expected = np.where(np.eye(count, dtype=bool)[indices], on, off)
    actual = evaluate(kind, {"indices": indices}, one_hot_vector_size=count, axis=axis, on_value=on, off_value=off)
    # The new axis stands where `axis` says among those of the result.
    assert_agrees(actual, np.moveaxis(expected, -1, axis))


@proves("one_hot")
def test_one_and_zero_are_the_values_unless_told_otherwise(kind):
    assert_agrees(evaluate(kind, {"indices": np.int32([2, 0])}, one_hot_vector_size=3), [[0, 0, 1], [1, 0, 0]])


@proves("pad")
@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate"])
@given(generators, array_shapes(min_dims=1, max_dims=4, min_side=2, max_side=4), st.data())
def test_the_last_axes_are_padded(kind, mode, rng, shape, data):
    x, count = numbers(rng, *shape), data.draw(st.integers(1, len(shape)))
    pairs = [tuple(data.draw(st.integers(0, extent - 1)) for _ in range(2)) for extent in shape[-count:]]
    whole = [(0, 0)] * (len(shape) - count) + pairs
    own = {"constant": {"mode": "constant", "constant_values": 1.5}, "reflect": {"mode": "reflect"}}
    expected = np.pad(x, whole, **own.get(mode, {"mode": "edge"}))
    amounts = [amount for pair in pairs for amount in pair]
    assert_agrees(evaluate(kind, {"x": x}, pad=amounts, mode=mode, constant_val=np.float32(1.5)), expected)


@proves("pad")
@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate"])
@given(generators, st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_modes_of_padding_are_pytorch_s(kind, mode, rng, amounts):
    x = numbers(rng, 1, 2, 4, 5)
    top, bottom, left, right = amounts
    expected = F.pad(torch.from_numpy(x), [left, right, top, bottom], mode=mode)
    assert_agrees(evaluate(kind, {"x": x}, pad=amounts, mode=mode), expected)


@proves("range_1d")
@given(st.integers(-5, 5), st.integers(1, 9), st.sampled_from([1, 2, 3, -1, -2]))
def test_integers_up_to_an_end(kind, start, count, step):
    end = start + step * count
    numbers = {"start": np.int32(start), "end": np.int32(end), "step": np.int32(step)}
    assert_agrees(evaluate(kind, {}, **numbers), list(range(start, end, step)))


@proves("range_1d")
@given(st.integers(-5, 5), st.integers(1, 9), st.sampled_from([0.1, 0.25, 1 / 3, -0.7]))
def test_fractions_are_as_many_as_coremltools_declares(kind, start, count, step):
    end = np.float32(start) + np.float32(count) * np.float32(step)
    actual = evaluate(kind, {}, start=np.float32(start), end=end, step=np.float32(step))
    assert_agrees(actual[:count], start + step * np.arange(count))


@proves("reshape")
@given(generators, shapes, st.data())
def test_elements_get_another_shape(kind, rng, shape, data):
    x = numbers(rng, *shape)
    wanted = list(data.draw(st.permutations(shape)))
    assert_agrees(evaluate(kind, {"x": x}, shape=wanted), x.reshape(wanted))
    wanted[data.draw(st.integers(0, len(wanted) - 1))] = -1
    assert_agrees(evaluate(kind, {"x": x}, shape=wanted), x.reshape(wanted))


@proves("reshape")
@pytest.mark.parametrize(
    ("shape", "expected"),
    [([0, 0, -1], (2, 3, 4)), ([-1, 0, 0], (2, 3, 4)), ([0, 2, 0, 0], (1, 2, 3, 4)), ([-1, 0], (6, 4))],
)
def test_zeros_keep_extents_counted_from_the_last(kind, shape, expected):
    x = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    assert_agrees(evaluate(kind, {"x": x}, shape=shape), x.reshape(expected))


@proves("reverse")
@given(generators, shapes, st.data())
def test_axes_are_reversed(kind, rng, shape, data):
    x = numbers(rng, *shape)
    axes = data.draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True))
    assert_agrees(evaluate(kind, {"x": x}, axes=axes), np.flip(x, axes))
    assert_agrees(evaluate(kind, {"x": x}), np.flip(x))


@proves("shape")
@given(generators, shapes)
def test_a_shape_is_a_vector(kind, rng, shape):
    assert_agrees(evaluate(kind, {"x": numbers(rng, *shape)}), shape)


@proves("sliding_windows")
@given(generators, shapes, st.data(), few)
def test_windows_slide_along_an_axis(kind, rng, shape, data, stride):
    x, axis = numbers(rng, *shape), an_axis(data, shape)
    size = data.draw(st.integers(1, shape[axis]))
    starts = range(0, shape[axis] - size + 1, stride)
    windows = [np.take(x, range(start, start + size), axis) for start in starts]
    actual = evaluate(kind, {"x": x}, axis=axis, size=size, stride=stride)
    assert_agrees(actual, np.stack(windows, axis % len(shape)))


@proves("split")
@given(generators, shapes, st.lists(few, min_size=2, max_size=3), st.data())
def test_a_tensor_is_split_into_sizes(kind, rng, shape, sizes, data):
    axis, whole = an_axis(data, shape), list(shape)
    whole[axis] = sum(sizes)
    x = numbers(rng, *whole)
    expected = np.split(x, np.cumsum(sizes)[:-1], axis)
    for part, wanted in zip(evaluate(kind, {"x": x}, split_sizes=sizes, axis=axis), expected, strict=True):
        assert_agrees(part, wanted)


@proves("split")
@given(generators, shapes, few, st.integers(2, 3), st.data())
def test_a_tensor_is_split_into_equal_parts(kind, rng, shape, size, count, data):
    axis, whole = an_axis(data, shape), list(shape)
    whole[axis] = size * count
    x = numbers(rng, *whole)
    actual = evaluate(kind, {"x": x}, num_splits=count, axis=axis)
    for part, wanted in zip(actual, np.split(x, count, axis), strict=True):
        assert_agrees(part, wanted)


@proves("stack")
@given(generators, shapes, few, st.data())
def test_tensors_are_stacked_along_a_new_axis(kind, rng, shape, count, data):
    values = [numbers(rng, *shape) for _ in range(count)]
    axis = data.draw(st.integers(-len(shape) - 1, len(shape)))
    assert_agrees(evaluate(kind, {"values": values}, axis=axis), np.stack(values, axis))


@proves("tile")
@given(generators, shapes, st.data())
def test_tensors_are_repeated(kind, rng, shape, data):
    x, reps = numbers(rng, *shape), [data.draw(few) for _ in shape]
    assert_agrees(evaluate(kind, {"x": x}, reps=reps), np.tile(x, reps))


@proves("transpose")
@given(generators, shapes, st.data())
def test_axes_are_permuted(kind, rng, shape, data):
    x, perm = numbers(rng, *shape), list(data.draw(st.permutations(range(len(shape)))))
    assert_agrees(evaluate(kind, {"x": x}, perm=perm), np.transpose(x, perm))
