"""Activation functions by their formulas, in float64, and those that PyTorch has by PyTorch."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from tests.exporter.mil.operators.programs import assert_agrees, evaluate, generators, proves

PLAIN = {
    "relu": F.relu,
    "relu6": F.relu6,
    "sigmoid": lambda x: 1 / (1 + (-x).exp()),
    "silu": lambda x: x / (1 + (-x).exp()),
    "softplus": F.softplus,
    "softsign": F.softsign,
}
"""Of a float64 tensor"""

WITH_ALPHA = {
    "elu": lambda x, alpha: F.elu(x, alpha),
    "leaky_relu": lambda x, alpha: F.leaky_relu(x, alpha),
    "thresholded_relu": lambda x, alpha: x * (x >= alpha),
}

WITH_ALPHA_AND_BETA = {
    "clamped_relu": lambda x, alpha, beta: torch.minimum(F.leaky_relu(x, alpha), torch.tensor(beta)),
    "linear_activation": lambda x, alpha, beta: alpha * x + beta,
    "scaled_tanh": lambda x, alpha, beta: alpha * torch.tanh(beta * x),
    "sigmoid_hard": lambda x, alpha, beta: torch.clip(alpha * x + beta, 0, 1),
}

APPROXIMATIONS = {
    "EXACT": lambda x: 0.5 * x * (1 + math.erf(x / math.sqrt(2))),
    "TANH_APPROXIMATION": lambda x: 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "SIGMOID_APPROXIMATION": lambda x: x / (1 + math.exp(-1.702 * x)),
}

shapes = array_shapes(max_dims=4, max_side=4)
slopes = st.floats(-2, 2, width=16)


def numbers(rng, shape):
    return 3 * rng.standard_normal(shape, np.float32)


def exact(x):
    return torch.from_numpy(x).double()


@proves(*PLAIN)
@given(generators, shapes)
def test_activations(kind, rng, shape):
    x = numbers(rng, shape)
    assert_agrees(evaluate(kind, {"x": x}), PLAIN[kind](exact(x)))


@proves(*WITH_ALPHA)
@given(generators, shapes, slopes)
def test_activations_with_a_parameter(kind, rng, shape, alpha):
    x = numbers(rng, shape)
    assert_agrees(evaluate(kind, {"x": x}, alpha=np.float32(alpha)), WITH_ALPHA[kind](exact(x), alpha))


@proves(*WITH_ALPHA_AND_BETA)
@given(generators, shapes, slopes, slopes)
def test_activations_with_two_parameters(kind, rng, shape, alpha, beta):
    x = numbers(rng, shape)
    actual = evaluate(kind, {"x": x}, alpha=np.float32(alpha), beta=np.float32(beta))
    assert_agrees(actual, WITH_ALPHA_AND_BETA[kind](exact(x), alpha, beta))


@proves("gelu")
@pytest.mark.parametrize("mode", APPROXIMATIONS)
@given(generators, shapes)
def test_gelu_and_its_approximations(kind, mode, rng, shape):
    x = numbers(rng, shape)
    assert_agrees(evaluate(kind, {"x": x}, mode=mode), np.vectorize(APPROXIMATIONS[mode])(x.astype(np.float64)))


@proves("prelu")
@given(generators, st.integers(1, 4))
def test_every_channel_has_its_slope(kind, rng, channels):
    x, alpha = numbers(rng, (2, channels, 3, 2)), numbers(rng, channels)
    assert_agrees(evaluate(kind, {"x": x}, alpha=alpha), F.prelu(torch.from_numpy(x), torch.from_numpy(alpha)))


@proves("softplus_parametric")
@given(generators, st.integers(1, 4), array_shapes(max_dims=3, max_side=3))
def test_every_channel_has_its_softplus(kind, rng, channels, extents):
    x, alpha, beta = numbers(rng, (2, channels, *extents)), numbers(rng, channels), numbers(rng, channels)
    expected = np.stack([alpha[i] * np.log1p(np.exp(beta[i] * x[:, i].astype(np.float64))) for i in range(channels)], 1)
    assert_agrees(evaluate(kind, {"x": x}, alpha=alpha, beta=beta), expected)


@proves("softmax")
@given(generators, shapes, st.data())
def test_shares_along_an_axis(kind, rng, shape, data):
    x, axis = numbers(rng, shape), data.draw(st.integers(-len(shape), len(shape) - 1))
    powers = np.exp(x.astype(np.float64))
    assert_agrees(evaluate(kind, {"x": x}, axis=axis), powers / powers.sum(axis, keepdims=True))


@proves("softmax", "softplus", "sigmoid", "silu")
def test_large_values_do_not_overflow(kind):
    x = np.float32([-1000, 0, 1000])
    half = {"softmax": 0, "softplus": math.log(2), "sigmoid": 0.5, "silu": 0}[kind]
    assert_agrees(evaluate(kind, {"x": x}), [0, half, 1 if kind in ("softmax", "sigmoid") else 1000])
