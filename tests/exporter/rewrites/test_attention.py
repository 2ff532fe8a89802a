"""Attention over very many tokens is done some queries at a time, with the same result."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from exporter.rewrites import attention
from exporter.rewrites.attention import attention_in_tiles
from tests.exporter.rewrites.computation import count, random, rewritten

aten = torch.ops.aten


def attend(query: Tensor, key: Tensor, value: Tensor, *bias: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value, *bias, scale=0.7)


@pytest.mark.parametrize("mask", [None, (1, 1, 1, 6), (1, 2, 9, 6), (9, 6)])
@pytest.mark.parametrize(("most", "tiles"), [(2 * 9 * 6, 1), (2 * 5 * 6, 2), (2 * 3 * 6, 3), (1, 9)])
def test_tiles_hold_at_most_so_many_logits(mask, most, tiles, monkeypatch):
    monkeypatch.setattr(attention, "MOST_LOGITS", most)
    weights = (random(1, 2, 6, 4), random(1, 2, 6, 3), *([] if mask is None else [random(*mask)]))
    operators = rewritten(attention_in_tiles, random(1, 2, 9, 4), attend, *weights)
    assert operators[aten.scaled_dot_product_attention.default] == tiles


def test_a_trackers_memory_is_one_tile_at_512_pixels_and_four_at_1024():
    for side, tiles in ((32, 1), (64, 4)):
        tokens = side * side
        query, key = (torch.empty(1, 1, count, 256, device="meta") for count in (tokens, 7 * tokens + 64))
        module = torch.export.export(Attention(), (query, key)).module()
        attention_in_tiles(module)
        assert count(module.graph)[aten.scaled_dot_product_attention.default] == tiles


class Attention(torch.nn.Module):
    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(query, key, key)
