"""Rewrites for Core AI: what its converter does not take."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import fx

from exporter.rewrites.attention import attention_arguments
from exporter.rewrites.editing import add_constant, call, calls, replace, shape_of

aten = torch.ops.aten


def attention_with_wide_values_as_matmuls(module: fx.GraphModule) -> None:
    """Attention whose values are wider than its queries, EfficientFormer's, as product, softmax, product.

    Core AI's own operator gives a result as wide as the queries, and its converter stops at any other. All other
    attention stays whole: it is one operator of the format.
    """
    for node in calls(module, aten.scaled_dot_product_attention.default):
        query, key, value, mask, scale = attention_arguments(node)
        if shape_of(value)[-1] == shape_of(query)[-1]:
            continue
        with module.graph.inserting_before(node):
            transposed = call(module, aten.transpose.int, key, -2, -1)
            scores = call(module, aten.matmul.default, call(module, aten.mul.Tensor, query, scale), transposed)
            if mask is not None:
                scores = call(module, aten.add.Tensor, scores, mask)
            weights = call(module, aten.softmax.int, scores, -1)
            result = call(module, aten.matmul.default, weights, value)
        replace(module, node, result)


def averages_that_count_padding(module: fx.GraphModule) -> None:
    """An average that leaves its padding out, as one that counts it, times what that makes too small.

    Core AI's converter counts it in any case and says nothing: EfficientFormer's logits were off by a fifth.
    """
    for node in calls(module, aten.avg_pool2d.default):
        x, kernel, stride, padding, ceil_mode, counted, divisor = _pool_arguments(node)
        if counted or divisor is not None or ceil_mode or not any(padding):
            continue
        ones = torch.ones(1, 1, *shape_of(x)[-2:], dtype=torch.float64)
        share = aten.avg_pool2d.default(ones, kernel, stride, padding)
        with module.graph.inserting_before(node):
            average = call(module, aten.avg_pool2d.default, x, kernel, stride, padding, False, True)
        larger = add_constant(module, node, "padding", share.reciprocal().to(x.meta["val"].dtype))
        with module.graph.inserting_before(node):
            result = call(module, aten.mul.Tensor, average, larger)
        replace(module, node, result)


def _pool_arguments(node: Any) -> Sequence[Any]:
    """All arguments of an average pool, those that were left out too."""
    defaults: Sequence[Any] = (None, None, [], [0, 0], False, True, None)
    return [*node.args, *defaults[len(node.args) :]]
