"""Products of matrices, and attention."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from tests.exporter.mil.operators.programs import assert_agrees, evaluate, generators, proves

extents = st.integers(1, 5)
batches = mutually_broadcastable_shapes(num_shapes=2, min_dims=0, max_dims=2, max_side=3).map(
    lambda broadcast: broadcast.input_shapes
)
types = st.sampled_from([np.float32, np.int32])


def numbers(rng, *shape, type=np.float32):
    return rng.integers(-5, 5, shape).astype(type) if type is np.int32 else rng.standard_normal(shape, np.float32)


@proves("matmul")
@given(generators, batches, extents, extents, extents, st.booleans(), st.booleans(), types)
def test_matrices_are_transposed_and_batches_broadcast(kind, rng, pair, rows, inner, columns, of_x, of_y, type):
    x, y = numbers(rng, *pair[0], rows, inner, type=type), numbers(rng, *pair[1], inner, columns, type=type)
    turned = {"x": x.swapaxes(-1, -2).copy() if of_x else x, "y": y.swapaxes(-1, -2).copy() if of_y else y}
    actual = evaluate(kind, turned, transpose_x=of_x, transpose_y=of_y)
    assert_agrees(actual, np.einsum("...ik,...kj->...ij", x, y))


@proves("matmul")
@given(generators, extents, extents)
def test_a_vector_on_the_left_loses_its_axis(kind, rng, inner, columns):
    x, y = numbers(rng, inner), numbers(rng, inner, columns)
    assert_agrees(evaluate(kind, {"x": x, "y": y}), torch.matmul(torch.from_numpy(x), torch.from_numpy(y)))


@proves("linear")
@given(generators, st.lists(extents, max_size=2), extents, extents, st.booleans(), types)
def test_a_linear_layer_holds_its_weight_transposed(kind, rng, leading, inwards, outwards, biased, type):
    x, weight = numbers(rng, *leading, inwards, type=type), numbers(rng, outwards, inwards, type=type)
    bias = numbers(rng, outwards, type=type)
    actual = evaluate(kind, {"x": x}, weight=weight, **({"bias": bias} if biased else {}))
    assert_agrees(actual, np.dot(x, weight.T) + (bias if biased else 0))


@proves("einsum")
@pytest.mark.parametrize("equation", ["nchw,nwhu->nchu", "abcd,adce->abce"])
@given(generators, extents, extents, extents, extents, st.sampled_from(["", "n", "h"]))
def test_a_sum_of_products_over_pictures(kind, equation, rng, channels, height, width, wide, broadcast):
    x, y = numbers(rng, 2, channels, height, width), numbers(rng, 2, width, height, wide)
    x = x[:1] if broadcast == "n" else x[:, :, :1] if broadcast == "h" else x
    whole = np.broadcast_to(x, (2, channels, height, width))
    # For each picture and row: [channels, width] by [width, wide].
    expected = (whole.transpose(0, 2, 1, 3) @ y.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)
    assert_agrees(evaluate(kind, {"values": [x, y]}, equation=equation), expected)


@proves("einsum")
@given(generators, extents, extents, extents, extents)
def test_a_sum_of_products_without_a_batch(kind, rng, channels, height, width, wide):
    x, y = numbers(rng, channels, height, width), numbers(rng, width, height, wide)
    expected = np.stack([x[:, row] @ y[:, row] for row in range(height)], 1)
    assert_agrees(evaluate(kind, {"values": [x, y]}, equation="chw,whr->chr"), expected)


@proves("scaled_dot_product_attention")
@pytest.mark.parametrize("mask", [None, "boolean", "added"])
@given(generators, st.lists(extents, min_size=1, max_size=2), extents, extents, extents, extents, st.booleans())
def test_attention_is_pytorch_s(kind, mask, rng, batch, queries, keys, width, wide, broadcast):
    query, key = numbers(rng, *batch, queries, width), numbers(rng, *batch, keys, width)
    value = numbers(rng, *batch, keys, wide)
    given, attn_mask = {"query": query, "key": key, "value": value}, None
    if mask is not None:
        attn_mask = numbers(rng, *([] if broadcast else batch), queries, keys)
        if mask == "boolean":
            attn_mask = attn_mask > 0
            attn_mask[..., 0] = True  # a query that sees nothing has no answer
        given["attn_mask"] = attn_mask
        attn_mask = torch.from_numpy(attn_mask)
    expected = F.scaled_dot_product_attention(*map(torch.from_numpy, (query, key, value)), attn_mask=attn_mask)
    assert_agrees(evaluate(kind, given), expected)
