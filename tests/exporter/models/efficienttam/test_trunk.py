"""The image encoder: windows padded with zeros, and the official features."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from exporter.models.efficienttam.trunk import SelfAttention
from tests.exporter.models.efficienttam.official import assert_golden, normalised_video, samples


def literal_attention(attention: SelfAttention, x: Tensor, window: int) -> Tensor:
    """As published: zeros fill the last windows before anything is projected, and are attended to; rank 6."""
    side, _, width = x.shape
    padding = -side % window
    count = (side + padding) // window
    padded = F.pad(x, (0, 0, 0, padding, 0, padding))
    windows = padded.view(1, count, window, count, window, width).permute(0, 1, 3, 2, 4, 5)
    tokens = windows.reshape(count**2, window**2, width)
    qkv = attention.qkv(tokens).reshape(count**2, window**2, 3, attention.heads, -1).permute(2, 0, 3, 1, 4)
    q, k, v = qkv
    weights = (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).softmax(-1)
    out = attention.proj((weights @ v).transpose(1, 2).reshape(count**2, window**2, width))
    rows = out.view(1, count, count, window, window, width).permute(0, 1, 3, 2, 4, 5)
    return rows.reshape(side + padding, side + padding, width)[:side, :side]


@pytest.mark.parametrize("side", [9, 10, 14, 5], ids="{} tokens".format)
@pytest.mark.parametrize("heads", [1, 3])
def test_windows_are_padded_with_zeros_that_are_attended_to(side, heads):
    attention = SelfAttention(24, heads, window=5).double()
    x = torch.randn(side, side, 24, dtype=torch.float64)
    torch.testing.assert_close(attention(x), literal_attention(attention, x, window=5), rtol=0, atol=1e-10)


def test_without_windows_every_token_attends_to_the_whole_map():
    attention = SelfAttention(24, heads=3, window=None).double()
    x = torch.randn(9, 9, 24, dtype=torch.float64)
    torch.testing.assert_close(attention(x), literal_attention(attention, x, window=9), rtol=0, atol=1e-10)


def test_blocks_2_5_8_and_11_attend_to_the_whole_map_and_the_others_in_windows(model):
    windows = [block.attn.window for block in model.image_encoder.trunk.blocks]
    assert windows == [14, 14, None] * 4


@pytest.fixture(scope="module")
def trunk_output(model) -> Tensor:
    return model.image_encoder.trunk(normalised_video(1))


def test_the_trunk_is_the_official_one(trunk_output):
    assert_golden(samples(trunk_output), "enc_trunk_sub")


def test_every_channel_of_the_trunk_has_the_official_mean_and_deviation(trunk_output):
    assert_golden(trunk_output.mean((0, 2, 3)), "enc_trunk_channel_mean", tolerance=1e-4)
    assert_golden(trunk_output.std((0, 2, 3), correction=0), "enc_trunk_channel_std", tolerance=1e-4)


def test_features_are_the_official_ones(first_features):
    assert_golden(samples(first_features), "enc_features_sub")


def test_every_channel_of_the_features_has_the_official_mean_and_deviation(first_features):
    assert_golden(first_features.mean((0, 2, 3)), "enc_features_channel_mean", tolerance=1e-4)
    assert_golden(first_features.std((0, 2, 3), correction=0), "enc_features_channel_std", tolerance=1e-4)
