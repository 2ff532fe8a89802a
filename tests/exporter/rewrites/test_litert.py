"""What LiteRT's converter would fold into other ranks keeps its own, and means the same."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from exporter.rewrites.litert import elementwise_of_equal_rank, pads_in_rank_four, products_in_rank_four
from tests.exporter.rewrites.computation import random, rewritten

aten, ours = torch.ops.aten, torch.ops.vitexport


def attend(query: Tensor, key: Tensor, value: Tensor, *bias: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value, *bias, scale=0.7)


@pytest.mark.parametrize("mask", [None, (1, 1, 1, 5), (1, 1, 3, 5), (3, 5)])
@pytest.mark.parametrize("batch", [(1, 1), (1, 2), (3, 2), (2,)])
def test_attention_becomes_two_products_of_rank_four(batch, mask):
    if mask is not None and len(batch) == 1:
        mask = mask[-2:]
    weights = random(*batch, 5, 4), random(*batch, 5, 6), *([] if mask is None else [random(*mask)])
    operators = rewritten(products_in_rank_four, random(*batch, 3, 4), attend, *weights)
    assert operators[ours.product.default] == 2
    assert aten.scaled_dot_product_attention.default not in operators


@pytest.mark.parametrize("batch", [(2,), (1, 2)])
def test_other_products_of_batches_are_of_rank_four(batch):
    operators = rewritten(products_in_rank_four, random(*batch, 3, 4), lambda x, y: x @ y, random(*batch, 4, 5))
    assert ours.product.default in operators
    assert aten.matmul.default not in operators


def test_products_that_broadcast_are_left_alone():
    operators = rewritten(products_in_rank_four, random(2, 1, 3, 4), lambda x, y: x @ y, random(1, 2, 4, 5))
    assert set(operators) == {aten.matmul.default}


def test_operands_of_different_rank_get_the_same():
    operators = rewritten(elementwise_of_equal_rank, random(1, 2, 3), lambda x: x.relu() + x[0].tanh())
    assert operators[ours.as_shaped.default] == 2
    assert aten.reshape.default in operators


def test_constants_and_feature_maps_are_left_alone():
    def residual(x: Tensor, bias: Tensor) -> Tensor:
        return x.relu() + x.tanh() + bias

    operators = rewritten(elementwise_of_equal_rank, random(1, 2, 3, 4), residual, random(4))
    assert ours.as_shaped.default not in operators


@pytest.mark.parametrize("shape", [(2, 3), (1, 2, 3), (1, 2, 3, 4)])
def test_pads_are_of_rank_four(shape):
    operators = rewritten(pads_in_rank_four, random(*shape), lambda x: F.pad(x, (0, 0, 1, 2)))
    assert operators[ours.as_shaped.default] == 2
