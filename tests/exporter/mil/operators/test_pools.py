"""Pools over one to three axes."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

from exporter.errors import BackendError
from tests.exporter.mil.operators.programs import assert_agrees, evaluate, generators, proves

MAXIMA = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVERAGES = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


@dataclass(frozen=True)
class Windows:
    x: np.ndarray
    sizes: list[int]
    strides: list[int]

    @property
    def tensor(self) -> torch.Tensor:
        return torch.from_numpy(self.x)

    def evaluate(self, kind: str, **attributes: object) -> np.ndarray:
        return evaluate(kind, {"x": self.x}, kernel_sizes=self.sizes, strides=self.strides, **attributes)


@st.composite
def windows(draw, axes=(1, 3)):
    rng, count = draw(generators), draw(st.integers(*axes))
    sizes = [draw(st.integers(1, 4)) for _ in range(count)]
    extents = [draw(st.integers(size, size + 4)) for size in sizes]
    x = rng.standard_normal((draw(st.integers(1, 2)), 2, *extents), np.float32)
    return Windows(x, sizes, [draw(st.integers(1, 3)) for _ in range(count)])


@st.composite
def windows_with_padding(draw, axes=(1, 3)):
    """With as much in front as behind, and no more than PyTorch takes: half a window."""
    pool = draw(windows(axes))
    return pool, [draw(st.integers(0, size // 2)) for size in pool.sizes]


def around(pool: Windows, pairs: list[tuple[int, int]], value: float) -> torch.Tensor:
    return F.pad(pool.tensor, [amount for pair in reversed(pairs) for amount in pair], value=value)


def averaged(pool: Windows, pairs: list[tuple[int, int]], without_padding: bool) -> torch.Tensor:
    """Sums of the windows by how many of their elements count."""
    average = AVERAGES[len(pool.sizes)]
    sums = average(around(pool, pairs, 0), pool.sizes, pool.strides) * math.prod(pool.sizes)
    ones = Windows(np.ones_like(pool.x), pool.sizes, pool.strides)
    share = average(around(ones, pairs, 0 if without_padding else 1), pool.sizes, pool.strides)
    return sums / (share * math.prod(pool.sizes))


def same_pairs(pool: Windows, pad_type: str) -> list[tuple[int, int]]:
    """The least padding that makes ceil(extent / stride) windows, its odd element behind, or in front."""
    pairs = []
    for extent, size, stride in zip(pool.x.shape[2:], pool.sizes, pool.strides, strict=True):
        total = max(0, (math.ceil(extent / stride) - 1) * stride + size - extent)
        less, more = math.floor(total / 2), math.ceil(total / 2)
        pairs.append((less, more) if pad_type == "same" else (more, less))
    return pairs


def begins_beyond(pool: Windows) -> bool:
    """Whether rounding up adds, without padding, a window that sees nothing."""
    return any(
        math.ceil((extent - size) / stride) * stride >= extent
        for extent, size, stride in zip(pool.x.shape[2:], pool.sizes, pool.strides, strict=True)
    )


@proves("max_pool")
@given(windows_with_padding())
def test_the_greatest_of_each_window(kind, drawn):
    pool, pad = drawn
    actual = pool.evaluate(kind, pad_type="custom", pad=np.repeat(pad, 2).astype(np.int32))
    assert_agrees(actual, MAXIMA[len(pad)](pool.tensor, pool.sizes, pool.strides, pad))


@proves("max_pool")
@given(windows_with_padding(axes=(1, 2)))
def test_a_maximum_s_windows_may_hang_over_the_end(kind, drawn):
    pool, pad = drawn
    assume(all(pad) or not begins_beyond(pool))
    actual = pool.evaluate(kind, pad_type="custom", pad=np.repeat(pad, 2).astype(np.int32), ceil_mode=True)
    assert_agrees(actual, MAXIMA[len(pad)](pool.tensor, pool.sizes, pool.strides, pad, ceil_mode=True))


@proves("max_pool")
@given(windows(), st.data())
def test_padding_is_never_the_greatest(kind, pool, data):
    pairs = [(data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))) for size in pool.sizes]
    actual = pool.evaluate(kind, pad_type="custom", pad=[amount for pair in pairs for amount in pair])
    expected = MAXIMA[len(pairs)](around(pool, pairs, -math.inf), pool.sizes, pool.strides)
    assert_agrees(actual, expected)


@proves("avg_pool")
@pytest.mark.parametrize("counted", [True, False])
@given(windows_with_padding())
def test_the_mean_of_each_window_with_or_without_padding(kind, counted, drawn):
    pool, pad = drawn
    actual = pool.evaluate(
        kind,
        pad_type="custom",
        pad=np.repeat(pad, 2).astype(np.int32),
        exclude_padding_from_average=not counted,
    )
    expected = AVERAGES[len(pad)](pool.tensor, pool.sizes, pool.strides, pad, count_include_pad=counted)
    assert_agrees(actual, expected)


@proves("avg_pool")
@pytest.mark.parametrize("counted", [True, False])
@given(windows_with_padding(axes=(1, 2)))
def test_elements_beyond_the_padding_do_not_count(kind, counted, drawn):
    pool, pad = drawn
    assume(all(pad) or not begins_beyond(pool))
    actual = pool.evaluate(
        kind,
        pad_type="custom",
        pad=np.repeat(pad, 2).astype(np.int32),
        exclude_padding_from_average=not counted,
        ceil_mode=True,
    )
    expected = AVERAGES[len(pad)](pool.tensor, pool.sizes, pool.strides, pad, ceil_mode=True, count_include_pad=counted)
    assert_agrees(actual, expected)


@proves("avg_pool")
@pytest.mark.parametrize("without_padding", [True, False])
@given(windows(), st.data())
def test_a_mean_may_be_padded_more_on_one_side(kind, without_padding, pool, data):
    pairs = [(data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))) for size in pool.sizes]
    actual = pool.evaluate(
        kind,
        pad_type="custom",
        pad=[amount for pair in pairs for amount in pair],
        exclude_padding_from_average=without_padding,
    )
    assert_agrees(actual, averaged(pool, pairs, without_padding))


@proves("l2_pool")
@given(windows_with_padding(axes=(1, 2)))
def test_the_length_of_each_window(kind, drawn):
    pool, pad = drawn
    padded = around(pool, [(amount, amount) for amount in pad], 0)
    norms = {1: F.lp_pool1d, 2: F.lp_pool2d}[len(pad)]
    sizes = pool.sizes[0] if len(pad) == 1 else pool.sizes
    strides = pool.strides[0] if len(pad) == 1 else pool.strides
    actual = pool.evaluate(kind, pad_type="custom", pad=np.repeat(pad, 2).astype(np.int32))
    assert_agrees(actual, norms(padded, 2, sizes, strides))


@proves("l2_pool")
@given(windows_with_padding(axes=(2, 2)))
def test_a_length_has_nothing_beyond_the_end(kind, drawn):
    pool, pad = drawn
    assume(all(pad) or not begins_beyond(pool))
    squares = F.avg_pool2d(pool.tensor**2, pool.sizes, pool.strides, pad, ceil_mode=True, divisor_override=1)
    actual = pool.evaluate(kind, pad_type="custom", pad=np.repeat(pad, 2).astype(np.int32), ceil_mode=True)
    assert_agrees(actual, squares.sqrt())


@proves("avg_pool", "l2_pool", "max_pool")
@pytest.mark.parametrize("pad_type", ["same", "same_lower", "SAME"])
@given(windows(axes=(1, 2)))
def test_same_padding_is_that_of_convolutions(kind, pad_type, pool):
    pairs = same_pairs(pool, pad_type.lower())
    squares = Windows(pool.x**2, pool.sizes, pool.strides)
    expected = {
        "avg_pool": lambda: averaged(pool, pairs, without_padding=False),
        "l2_pool": lambda: (averaged(squares, pairs, without_padding=False) * math.prod(pool.sizes)).sqrt(),
        "max_pool": lambda: MAXIMA[len(pairs)](around(pool, pairs, -math.inf), pool.sizes, pool.strides),
    }[kind]()
    assert_agrees(pool.evaluate(kind, pad_type=pad_type), expected)


@proves("avg_pool", "l2_pool", "max_pool")
@given(windows(axes=(1, 2)))
def test_valid_is_no_padding(kind, pool):
    expected = pool.evaluate(kind, pad_type="custom", pad=[0] * 2 * len(pool.sizes))
    assert_agrees(pool.evaluate(kind, pad_type="valid"), expected)


@proves("avg_pool", "l2_pool", "max_pool")
def test_a_window_that_begins_beyond_the_input_is_refused(kind):
    x = np.ones((1, 1, 3), np.float32)
    with pytest.raises(BackendError, match="beyond the input"):
        evaluate(kind, {"x": x}, kernel_sizes=[1], strides=[3], pad_type="valid", ceil_mode=True)


@proves("avg_pool", "l2_pool", "max_pool")
def test_a_window_of_nothing_but_padding_is_refused(kind):
    x = np.ones((1, 1, 3), np.float32)
    with pytest.raises(BackendError, match="nothing but padding"):
        evaluate(kind, {"x": x}, kernel_sizes=[2], pad_type="custom", pad=[2, 0])
