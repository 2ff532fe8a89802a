"""Convolutions and transposed ones, over one to three axes."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import BackendError
from tests.exporter.mil.operators.programs import assert_agrees, evaluate, generators, proves

CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


@dataclass(frozen=True)
class Layer:
    """x [N, C, *extents]; a weight of `groups`, which a transposed convolution reads the other way round."""

    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray | None
    strides: list[int]
    dilations: list[int]
    groups: int

    @property
    def axes(self) -> int:
        return len(self.strides)

    @property
    def kernel(self) -> list[int]:
        """Sizes of the windows with the gaps inside them."""
        return [dilation * (size - 1) + 1 for size, dilation in zip(self.weight.shape[2:], self.dilations, strict=True)]

    def evaluate(self, kind: str, **padding: object) -> np.ndarray:
        attributes = {"weight": self.weight, "strides": self.strides, "dilations": self.dilations}
        bias = {} if self.bias is None else {"bias": self.bias}
        return evaluate(kind, {"x": self.x}, **attributes, **bias, groups=self.groups, **padding)


@st.composite
def layers(draw, transposed=False):
    rng, axes = draw(generators), draw(st.integers(1, 3))
    sizes = [draw(st.integers(1, 3)) for _ in range(axes)]
    strides, dilations = ([draw(st.integers(1, 3)) for _ in range(axes)] for _ in range(2))
    reach = [dilation * (size - 1) + 1 for size, dilation in zip(sizes, dilations, strict=True)]
    extents = [draw(st.integers(1 if transposed else least, least + 3)) for least in reach]
    groups, inwards, outwards = (draw(st.integers(1, 2)) for _ in range(3))
    channels = (groups * inwards, outwards) if transposed else (groups * outwards, inwards)
    x = rng.standard_normal((draw(st.integers(1, 2)), groups * inwards, *extents), np.float32)
    bias = rng.standard_normal(groups * outwards, np.float32) if draw(st.booleans()) else None
    return Layer(x, rng.standard_normal((*channels, *sizes), np.float32), bias, strides, dilations, groups)


def convolved(layer: Layer, pairs: list[tuple[int, int]]) -> torch.Tensor:
    """By PyTorch, over an input that is padded beforehand by (before, after) of each axis."""
    x = F.pad(torch.from_numpy(layer.x), [amount for pair in reversed(pairs) for amount in pair])
    bias = None if layer.bias is None else torch.from_numpy(layer.bias)
    weight = torch.from_numpy(layer.weight)
    return CONVOLUTIONS[layer.axes](x, weight, bias, layer.strides, 0, layer.dilations, layer.groups)


def with_bias(layer: Layer, result: torch.Tensor) -> torch.Tensor:
    return result if layer.bias is None else result + torch.from_numpy(layer.bias).reshape(-1, *[1] * layer.axes)


def least_total(extent: int, size: int, stride: int) -> int:
    """The least padding that makes ceil(extent / stride) windows."""
    windows = (extent + stride - 1) // stride
    total = 0
    while extent + total < (windows - 1) * stride + size:
        total += 1
    return total


@proves("conv")
@given(layers(), st.data())
def test_custom_padding_is_zeros_around_the_input(kind, layer, data):
    pairs = [(data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))) for _ in range(layer.axes)]
    actual = layer.evaluate(kind, pad_type="custom", pad=[amount for pair in pairs for amount in pair])
    assert_agrees(actual, convolved(layer, pairs))


@proves("conv")
@given(layers())
def test_a_valid_convolution_pads_nothing(kind, layer):
    assert_agrees(layer.evaluate(kind, pad_type="valid"), convolved(layer, [(0, 0)] * layer.axes))


@proves("conv")
@pytest.mark.parametrize("pad_type", ["same", "same_lower"])
@given(layers())
def test_same_padding_has_its_odd_element_behind_and_same_lower_in_front(kind, pad_type, layer):
    totals = map(least_total, layer.x.shape[2:], layer.kernel, layer.strides)
    pairs = [(total // 2, total - total // 2) for total in totals]
    if pad_type == "same_lower":
        pairs = [(after, before) for before, after in pairs]
    assert_agrees(layer.evaluate(kind, pad_type=pad_type), convolved(layer, pairs))


@proves("conv")
@given(st.integers(1, 3), generators)
def test_a_convolution_s_same_padding_is_that_of_pytorch(kind, dilation, rng):
    x, weight = rng.standard_normal((1, 2, 9), np.float32), rng.standard_normal((3, 2, 4), np.float32)
    expected = F.conv1d(torch.from_numpy(x), torch.from_numpy(weight), padding="same", dilation=dilation)
    assert_agrees(evaluate(kind, {"x": x}, weight=weight, pad_type="same", dilations=[dilation]), expected)


@proves("conv_transpose")
@given(layers(transposed=True), st.data())
def test_an_output_shape_is_pytorch_s_output_padding(kind, layer, data):
    pad, more = [], []
    for extent, size, stride in zip(layer.x.shape[2:], layer.kernel, layer.strides, strict=True):
        more.append(data.draw(st.integers(0, stride - 1)))
        pad.append(data.draw(st.integers(0, max(0, ((extent - 1) * stride + size - 1) // 2))))
    expected = TRANSPOSED[layer.axes](
        torch.from_numpy(layer.x),
        torch.from_numpy(layer.weight),
        None if layer.bias is None else torch.from_numpy(layer.bias),
        layer.strides,
        pad,
        # PyTorch wants less than a stride, or than a dilation.
        more,
        layer.groups,
        layer.dilations,
    )
    shape = {"output_shape": list(expected.shape)} if any(more) else {}
    actual = layer.evaluate(kind, pad_type="custom", pad=np.repeat(pad, 2).astype(np.int32), **shape)
    assert_agrees(actual, expected)


@proves("conv_transpose")
@given(layers(transposed=True), st.data())
def test_custom_padding_crops_a_transposed_convolution(kind, layer, data):
    whole = layer.evaluate(kind, pad_type="valid")
    pairs = []
    for extent in whole.shape[2:]:
        before = data.draw(st.integers(0, extent - 1))
        pairs.append((before, data.draw(st.integers(0, extent - 1 - before))))
    kept = tuple(slice(before, extent - after) for extent, (before, after) in zip(whole.shape[2:], pairs, strict=True))
    actual = layer.evaluate(kind, pad_type="custom", pad=[amount for pair in pairs for amount in pair])
    assert_agrees(actual, whole[:, :, *kept])


@proves("conv_transpose")
@pytest.mark.parametrize("pad_type", ["same", "valid"])
@given(layers(transposed=True), st.data())
def test_a_transposed_convolution_is_the_gradient_of_a_convolution(kind, pad_type, layer, data):
    """Of the one that takes the output's shape to the input's: hence `output_shape`, where several of them do."""
    extents, pairs = [], []
    for extent, size, stride in zip(layer.x.shape[2:], layer.kernel, layer.strides, strict=True):
        less = data.draw(st.integers(0, stride - 1))
        wanted = extent * stride - less if pad_type == "same" else (extent - 1) * stride + size + less
        total = least_total(wanted, size, stride) if pad_type == "same" else 0
        extents.append(wanted)
        pairs.append((total // 2, total - total // 2))
    shape = (layer.x.shape[0], layer.weight.shape[1] * layer.groups, *extents)
    origin = torch.zeros(shape, requires_grad=True)
    padded = F.pad(origin, [amount for pair in reversed(pairs) for amount in pair])
    result = CONVOLUTIONS[layer.axes](
        padded, torch.from_numpy(layer.weight), None, layer.strides, 0, layer.dilations, layer.groups
    )
    (gradient,) = torch.autograd.grad(result, origin, torch.from_numpy(layer.x))
    actual = layer.evaluate(kind, pad_type=pad_type, output_shape=list(shape))
    assert_agrees(actual, with_bias(layer, gradient))


@proves("conv_transpose")
@given(layers(transposed=True))
def test_same_padding_multiplies_extents_by_the_strides(kind, layer):
    extents = [extent * stride for extent, stride in zip(layer.x.shape[2:], layer.strides, strict=True)]
    shape = [layer.x.shape[0], layer.weight.shape[1] * layer.groups, *extents]
    assert_agrees(layer.evaluate(kind, pad_type="same"), layer.evaluate(kind, pad_type="same", output_shape=shape))


def test_a_transposed_convolution_with_same_lower_is_refused():
    x, weight = np.ones((1, 1, 3), np.float32), np.ones((1, 1, 2), np.float32)
    with pytest.raises(BackendError, match="same_lower"):
        evaluate("conv_transpose", {"x": x}, weight=weight, pad_type="same_lower", output_shape=[1, 1, 3])
