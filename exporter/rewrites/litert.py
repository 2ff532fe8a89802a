"""Rewrites for LiteRT: what its converter turns into something that XNNPACK does not take."""

import torch
from torch import fx

from exporter.rewrites.attention import attention_arguments
from exporter.rewrites.editing import call, calls, merged, replace, shape_of

aten = torch.ops.aten


def single_head_attention_as_matmuls(module: fx.GraphModule) -> None:
    """Attention of one head as product, softmax, product, with keys that are transposed in two halves.

    The converter drops the axis of the one head, and then sees a product with a transposed matrix as a fully connected
    layer, whose weights XNNPACK wants constant: that product ran outside, and a tracker's step took 2.5 times as long.
    It does not see through a concatenation.
    """
    for node in calls(module, aten.scaled_dot_product_attention.default):
        query, key, value, mask, scale = attention_arguments(node)
        if shape_of(query)[:-2] != (1, 1):
            continue
        width = shape_of(query)[-1]
        with module.graph.inserting_before(node):
            halves = [
                call(module, aten.transpose.int, call(module, aten.slice.Tensor, merged(module, key), 2, *ends), 1, 2)
                for ends in ((0, width // 2), (width // 2, width))
            ]
            transposed = call(module, aten.cat.default, halves, 1)
            scaled = call(module, aten.mul.Tensor, merged(module, query), scale)
            scores = call(module, aten.bmm.default, scaled, transposed)
            if mask is not None:
                bias = merged(module, mask) if len(shape_of(mask)) == 4 else mask
                scores = call(module, aten.add.Tensor, scores, bias)
            weights = call(module, aten.softmax.int, scores, -1)
            out = call(module, aten.bmm.default, weights, merged(module, value))
            result = call(module, aten.reshape.default, out, list(shape_of(node)))
        replace(module, node, result)
