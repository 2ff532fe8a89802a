"""What LiteRT's converter would keep from XNNPACK is said otherwise, and means the same."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from exporter.rewrites.litert import single_head_attention_as_matmuls
from tests.exporter.rewrites.computation import random, rewritten

aten = torch.ops.aten


def attend(query: Tensor, key: Tensor, value: Tensor, *bias: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value, *bias)


@pytest.mark.parametrize("mask", [None, (1, 1, 1, 5), (1, 1, 3, 5), (3, 5)])
def test_attention_of_one_head_becomes_two_products_around_a_softmax(mask):
    weights = (random(1, 1, 5, 4), random(1, 1, 5, 6), *([] if mask is None else [random(*mask)]))
    operators = rewritten(single_head_attention_as_matmuls, random(1, 1, 3, 4), attend, *weights)
    assert operators[aten.bmm.default] == 2
    assert aten.scaled_dot_product_attention.default not in operators


def test_attention_of_several_heads_is_left_alone():
    operators = rewritten(single_head_attention_as_matmuls, random(1, 2, 3, 4), attend, *(random(1, 2, 5, 4),) * 2)
    assert set(operators) == {aten.scaled_dot_product_attention.default}
