"""What Core AI's converter stops at, or gets wrong, is said otherwise, and means the same."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from exporter.rewrites.coreai import attention_with_wide_values_as_matmuls, averages_that_count_padding
from tests.exporter.rewrites.computation import random, rewritten

aten = torch.ops.aten


def attend(query: Tensor, key: Tensor, value: Tensor, *bias: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value, *bias)


@pytest.mark.parametrize("mask", [None, (1, 2, 3, 5), (3, 5)])
def test_attention_with_values_wider_than_queries_becomes_two_products_around_a_softmax(mask):
    weights = (random(1, 2, 5, 4), random(1, 2, 5, 6), *([] if mask is None else [random(*mask)]))
    operators = rewritten(attention_with_wide_values_as_matmuls, random(1, 2, 3, 4), attend, *weights)
    assert (operators[aten.matmul.default], operators[aten.softmax.int]) == (2, 1)
    assert aten.scaled_dot_product_attention.default not in operators


def test_other_attention_stays_one_operator():
    weights = (random(1, 2, 5, 4),) * 2
    operators = rewritten(attention_with_wide_values_as_matmuls, random(1, 2, 3, 4), attend, *weights)
    assert set(operators) == {aten.scaled_dot_product_attention.default}


@pytest.mark.parametrize("stride", [1, 2])
def test_an_average_without_its_padding_becomes_one_that_counts_it(stride):
    operators = rewritten(
        averages_that_count_padding,
        random(1, 4, 5, 6),
        lambda x: F.avg_pool2d(x, 3, stride, padding=1, count_include_pad=False),
    )
    assert set(operators) == {aten.avg_pool2d.default, aten.mul.Tensor}


@pytest.mark.parametrize("options", [{"padding": 1}, {"count_include_pad": False}, {}])
def test_an_average_that_has_no_padding_to_leave_out_is_left_alone(options):
    operators = rewritten(averages_that_count_padding, random(1, 4, 5, 6), lambda x: F.avg_pool2d(x, 3, **options))
    assert set(operators) == {aten.avg_pool2d.default}
