"""The memory: pooled attention as published, and official memories of official masks."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from exporter.models.efficienttam.config import EfficientTAMConfig
from exporter.models.efficienttam.layers import map_of
from exporter.models.efficienttam.memory import MemoryAttention, MemoryCrossAttention
from tests.exporter.models.efficienttam.official import assert_golden, goldens, samples

SIDE = 6
LN_4 = 1.3862943611198906


def random(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64)


def literal_attention(
    attention: MemoryCrossAttention, x: Tensor, memory: Tensor, positions: Tensor, pointers: Tensor, pooling: int
) -> Tensor:
    """As published: complex rotation, pooling after projection and rotation, and an explicit softmax."""
    turns = torch.complex(attention.cosines, attention.sines)

    def turned(tokens: Tensor) -> Tensor:
        return torch.view_as_real(torch.view_as_complex(tokens.unflatten(-1, (-1, 2))) * turns).flatten(-2)

    def halved(tokens: Tensor) -> Tensor:
        return F.avg_pool2d(map_of(tokens, SIDE), 2).flatten(2).transpose(1, 2)

    query = turned(attention.q_proj(x))[0]
    keys, values = turned(attention.k_proj(memory + positions)), attention.v_proj(memory)
    if pooling:
        keys, values = halved(keys), halved(values)
    spatial_keys = keys.flatten(0, 1) + (LN_4 if pooling == 2 else 0)
    spatial = query @ spatial_keys.T / 16 + (LN_4 if pooling == 1 else 0)
    of_pointers = query @ attention.k_proj(pointers)[0].T / 16
    weights = torch.cat([spatial, of_pointers], dim=1).softmax(-1)
    return attention.out_proj(weights @ torch.cat([values.flatten(0, 1), attention.v_proj(pointers)[0]]))[None]


@pytest.mark.parametrize("pooling", [0, 1, 2])
def test_attention_to_several_frames_is_the_published_one(pooling):
    attention = MemoryCrossAttention(EfficientTAMConfig(64, 1, pooling=pooling), SIDE).double()
    x, memory, positions = random(1, SIDE**2, 256), random(3, SIDE**2, 64), random(3, SIDE**2, 64)
    pointers = random(1, 8, 64)
    expected = literal_attention(attention, x, memory, positions, pointers, pooling)
    actual = attention(x, memory, positions, pointers, None, pooled=pooling > 0)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("pooling", [1, 2])
def test_keys_that_are_not_pooled_are_attended_to_as_without_pooling(pooling):
    attention = MemoryCrossAttention(EfficientTAMConfig(64, 1, pooling=pooling), SIDE).double()
    x, memory, positions = random(1, SIDE**2, 256), random(1, SIDE**2, 64), random(1, SIDE**2, 64)
    pointers = random(1, 4, 64)
    expected = literal_attention(attention, x, memory, positions, pointers, pooling=0)
    actual = attention(x, memory, positions, pointers, None, pooled=False)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("pooling", [0, 1, 2])
def test_masked_keys_count_for_nothing(pooling):
    attention = MemoryCrossAttention(EfficientTAMConfig(64, 1, pooling=pooling), SIDE).double()
    x, memory, positions = random(1, SIDE**2, 256), random(3, SIDE**2, 64), random(3, SIDE**2, 64)
    pointers = random(1, 8, 64)
    keys = SIDE**2 // (4 if pooling else 1)
    bias = torch.zeros(1, 1, 1, 3 * keys + 8, dtype=torch.float64)
    bias[..., keys : 2 * keys] = -1e4  # the second frame
    bias[..., -4:] = -1e4  # the second pointer
    expected = attention(x, memory[::2], positions[::2], pointers[:, :4], None, pooled=pooling > 0)
    actual = attention(x, memory, positions, pointers, bias, pooled=pooling > 0)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-10)


def attended(pooling: int, frames: int, weights: dict[str, Tensor]) -> Tensor:
    """Memory attention of a variant, with weights that all variants share, on the same random memory."""
    module = MemoryAttention(EfficientTAMConfig(64, 1, pooling=pooling), SIDE).double()
    module.load_state_dict(weights)
    generator = torch.Generator().manual_seed(0)
    features, memory, positions, pointers = (
        torch.randn(shape, generator=generator, dtype=torch.float64)
        for shape in ((1, 256, SIDE, SIDE), (frames, SIDE**2, 64), (frames, SIDE**2, 64), (1, 4, 64))
    )
    return module(features, memory, positions, pointers)


@pytest.mark.parametrize("pooling", [1, 2])
def test_the_memory_of_a_single_frame_is_not_pooled_and_that_of_two_is(pooling):
    weights = MemoryAttention(EfficientTAMConfig(64, 1), SIDE).double().state_dict()
    assert torch.equal(attended(pooling, 1, weights), attended(0, 1, weights))
    assert (attended(pooling, 2, weights) - attended(0, 2, weights)).abs().max() > 1e-3


def test_what_is_remembered_of_a_prompted_frame_is_official(model, first_features):
    logits = torch.from_numpy(goldens()["video_masks"][0])[None, None]
    memory = map_of(model.remember(first_features, logits, prompted=True), 32)
    assert memory.shape[1] == model.config.memory_channels
    assert_golden(samples(memory, channels=4), "video_memory_sub", 0)


def test_what_is_remembered_of_a_tracked_frame_is_official(model, video_features):
    logits = torch.from_numpy(goldens()["video_masks"][1])[None, None]
    memory = map_of(model.remember(video_features(10)(1), logits, prompted=False), 32)
    assert_golden(samples(memory, channels=4), "video_memory_sub", 1)
