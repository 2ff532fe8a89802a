"""Shared layers, against their definitions written the slow way."""

import pytest
import torch

from exporter.models.layers import (
    InvertedResidual,
    LayerScale,
    LayerScale2d,
    fold,
    make_divisible,
    offset_indices,
    unfold,
    whole_patches,
)


def offset_indices_by_definition(height: int, width: int, query_stride: int) -> list[list[int]]:
    return [
        [abs(yq - yk) * width + abs(xq - xk) for yk in range(height) for xk in range(width)]
        for yq in range(0, height, query_stride)
        for xq in range(0, width, query_stride)
    ]


@pytest.mark.parametrize(
    ("height", "width", "query_stride"), [(1, 1, 1), (3, 3, 1), (2, 5, 1), (7, 7, 1), (4, 4, 2), (6, 4, 2), (5, 5, 2)]
)
def test_offset_indices_are_the_absolute_offsets_of_query_and_key(height, width, query_stride):
    expected = offset_indices_by_definition(height, width, query_stride)
    assert offset_indices(height, width, query_stride).tolist() == expected


def test_offset_indices_reach_every_entry_of_the_table():
    assert offset_indices(4, 6, 2).unique().tolist() == list(range(4 * 6))


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        (1, 8),  # never below the divisor
        (8, 8),
        (11, 16),  # the nearest, 8, would be more than 10 % below
        (12, 16),  # half-way rounds up
        (20, 24),
        (36, 40),
        (83, 80),  # 3.6 % below is allowed
        (75.5, 72),
        (128 * 0.5, 64),
    ],
)
def test_make_divisible_takes_the_nearest_multiple_of_eight_at_most_a_tenth_below(channels, expected):
    assert make_divisible(channels) == expected


def test_make_divisible_takes_another_divisor():
    assert make_divisible(21, divisor=4) == 20


def numbered(*shape: int) -> torch.Tensor:
    """A tensor in which no two elements are equal."""
    return torch.arange(torch.Size(shape).numel()).reshape(shape)


@pytest.mark.parametrize("shape", [(1, 1, 2, 2), (1, 3, 4, 4), (2, 3, 4, 6), (2, 5, 8, 2)])
def test_unfold_gathers_the_pixels_of_one_patch_position(shape):
    batch, dim, height, width = shape
    x = numbered(*shape)
    by_definition = (
        x.view(batch, dim, height // 2, 2, width // 2, 2).permute(0, 1, 3, 5, 2, 4).reshape(batch, dim, 4, -1)
    )
    assert torch.equal(unfold(x), by_definition)


@pytest.mark.parametrize("shape", [(1, 1, 2, 2), (1, 3, 4, 4), (2, 3, 4, 6), (2, 5, 8, 2)])
def test_fold_is_the_inverse_of_unfold(shape):
    x = numbered(*shape)
    assert torch.equal(fold(unfold(x), *shape[2:]), x)


@pytest.mark.parametrize(("pixels", "expected"), [(1, 2), (2, 2), (3, 4), (8, 8)])
def test_whole_patches_rounds_up_to_even(pixels, expected):
    assert whole_patches(pixels) == expected


def test_layer_scales_multiply_the_channels_of_tokens_and_of_maps():
    tokens, maps = torch.ones(2, 5, 3), torch.ones(2, 3, 4, 5)
    for layer, x, channels in ((LayerScale(3), tokens, -1), (LayerScale2d(3), maps, 1)):
        layer.load_state_dict({"gamma": torch.tensor([1.0, 2.0, 3.0])})
        assert layer(x).movedim(channels, 0).flatten(1).unique(dim=1).flatten().tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("in_channels", "out_channels", "stride", "has_shortcut"), [(8, 8, 1, True), (8, 8, 2, False), (8, 16, 1, False)]
)
def test_an_inverted_residual_adds_its_input_only_where_the_shape_is_kept(
    in_channels, out_channels, stride, has_shortcut
):
    block = InvertedResidual(in_channels, out_channels, stride, expansion=2).eval()
    torch.nn.init.zeros_(block.conv3_1x1.bn.weight)  # the branch gives nothing, so only the shortcut remains
    x = torch.rand(1, in_channels, 4, 4)
    with torch.inference_mode():
        out = block(x)
    expected = x if has_shortcut else torch.zeros(1, out_channels, 4 // stride, 4 // stride)
    assert torch.equal(out, expected)
