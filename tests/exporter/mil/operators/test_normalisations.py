"""Normalisations, against PyTorch's layers."""

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from tests.exporter.mil.operators.programs import assert_agrees, evaluate, generators, proves

channels, spatial = st.integers(1, 6), array_shapes(max_dims=3, min_side=2, max_side=4)
epsilons = st.sampled_from([1e-5, 1e-3, 0.5])


def numbers(rng, *shape):
    return 1 + 2 * rng.standard_normal(shape, np.float32)


@proves("batch_norm")
@given(generators, channels, spatial, epsilons, st.booleans())
def test_batch_normalisation_uses_recorded_statistics(kind, rng, count, extents, epsilon, affine):
    x, mean, variance = numbers(rng, 2, count, *extents), numbers(rng, count), np.abs(numbers(rng, count))
    own = {"gamma": numbers(rng, count), "beta": numbers(rng, count)} if affine else {}
    actual = evaluate(kind, {"x": x}, mean=mean, variance=variance, epsilon=np.float32(epsilon), **own)
    layer = {1: torch.nn.BatchNorm1d, 2: torch.nn.BatchNorm2d, 3: torch.nn.BatchNorm3d}[len(extents)]
    expected = layer(count, epsilon, affine=affine).eval()
    state = {"running_mean": mean, "running_var": variance}
    state |= {"weight": own["gamma"], "bias": own["beta"]} if affine else {}
    expected.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()}, strict=False)
    with torch.no_grad():
        assert_agrees(actual, expected(torch.from_numpy(x)))


@proves("instance_norm")
@given(generators, channels, spatial, epsilons, st.booleans())
def test_instance_normalisation_is_over_the_spatial_axes(kind, rng, count, extents, epsilon, affine):
    x = numbers(rng, 2, count, *extents)
    own = {"gamma": numbers(rng, count), "beta": numbers(rng, count)} if affine else {}
    actual = evaluate(kind, {"x": x}, epsilon=np.float32(epsilon), **own)
    scale, shift = (torch.from_numpy(own[name]) if affine else None for name in ("gamma", "beta"))
    expected = F.instance_norm(torch.from_numpy(x), weight=scale, bias=shift, eps=epsilon)
    assert_agrees(actual, expected, tolerance=1e-4)


@proves("layer_norm")
@given(generators, array_shapes(min_dims=2, max_dims=4, min_side=2, max_side=4), st.data(), epsilons, st.booleans())
def test_layer_normalisation_is_over_the_last_axes(kind, rng, shape, data, epsilon, affine):
    count = data.draw(st.integers(1, len(shape)))
    x, last = numbers(rng, *shape), shape[-count:]
    own = {"gamma": numbers(rng, *last), "beta": numbers(rng, *last)} if affine else {}
    axes = list(range(-count, 0)) if data.draw(st.booleans()) else list(range(len(shape) - count, len(shape)))
    actual = evaluate(kind, {"x": x}, axes=axes, epsilon=np.float32(epsilon), **own)
    scale, shift = (torch.from_numpy(own[name]) if affine else None for name in ("gamma", "beta"))
    assert_agrees(actual, F.layer_norm(torch.from_numpy(x), last, scale, shift, epsilon), tolerance=1e-4)


@proves("layer_norm")
@given(generators, st.sampled_from([[1], [0, 2], [1, 3], [-3]]))
def test_layer_normalisation_may_be_over_other_axes(kind, rng, axes):
    x = numbers(rng, 2, 3, 4, 3)
    own = [axis % 4 for axis in axes]
    gamma, beta = (numbers(rng, *(x.shape[axis] for axis in own)) for _ in range(2))
    others = [axis for axis in range(4) if axis not in own]
    moved = torch.from_numpy(x).permute(*others, *own)
    expected = F.layer_norm(moved, gamma.shape, torch.from_numpy(gamma), torch.from_numpy(beta), 1e-5)
    back = [[*others, *own].index(axis) for axis in range(4)]
    actual = evaluate(kind, {"x": x}, axes=axes, gamma=gamma, beta=beta, epsilon=np.float32(1e-5))
    assert_agrees(actual, expected.permute(back), tolerance=1e-4)


@proves("l2_norm")
@given(generators, array_shapes(min_dims=3, max_dims=5, max_side=4), epsilons)
def test_length_is_that_of_the_last_three_axes(kind, rng, shape, epsilon):
    x = numbers(rng, *shape)
    rows = x.astype(np.float64).reshape(-1, int(np.prod(shape[-3:])))
    lengths = np.sqrt((rows * rows).sum(1, keepdims=True) + epsilon)
    assert_agrees(evaluate(kind, {"x": x}, epsilon=np.float32(epsilon)), (rows / lengths).reshape(shape))


@proves("local_response_norm")
@given(generators, channels, spatial, st.integers(1, 5), st.floats(0.125, 2, width=16), st.floats(0.125, 2, width=16))
def test_a_response_is_divided_by_those_of_its_neighbours(kind, rng, count, extents, size, alpha, beta):
    x = numbers(rng, 2, count, *extents)
    own = {"alpha": np.float32(alpha), "beta": np.float32(beta), "k": np.float32(1.5)}
    actual = evaluate(kind, {"x": x}, size=size, **own)
    assert_agrees(actual, F.local_response_norm(torch.from_numpy(x), size, alpha, beta, 1.5))
