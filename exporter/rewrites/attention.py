"""The pass that computes attention in pieces that fit into memory."""

from math import prod
from typing import Any

import torch
from torch import fx

from exporter.rewrites.editing import call, calls, replace, shape_of

aten = torch.ops.aten

MOST_LOGITS = 2**25
"""Logits of all heads that an attention may hold at once: 128 MB in fp32, all of a tracker's at 512 pixels."""


def attention_in_tiles(module: fx.GraphModule) -> None:
    """Attention over very many tokens, some queries at a time: no query's row depends on another's.

    Every runtime may write all logits out: 470 MB for a tracker's memory at 1024 pixels. Tiles do not make it faster;
    products of few rows are slower.
    """
    for node in calls(module, aten.scaled_dot_product_attention.default):
        query, key, value, mask, scale = attention_arguments(node)
        *batch, queries, _ = shape_of(query)
        rows = queries
        while prod(batch) * rows * shape_of(key)[-2] > MOST_LOGITS and rows > 1:
            rows = -(-rows // 2)
        if rows == queries:
            continue
        with module.graph.inserting_before(node):
            outputs = []
            for start in range(0, queries, rows):
                tile = start, min(start + rows, queries)
                part = call(module, aten.slice.Tensor, query, -2, *tile)
                bias = mask
                if mask is not None and shape_of(mask)[-2] != 1:
                    bias = call(module, aten.slice.Tensor, mask, -2, *tile)
                outputs.append(call(module, node.target, part, key, value, bias, scale=scale))
            result = call(module, aten.cat.default, outputs, -2)
        replace(module, node, result)


def attention_arguments(node: Any) -> tuple[Any, Any, Any, Any, float]:
    """Query, key, value, mask or None, and scale of a scaled dot-product attention."""
    query, key, value, *rest = node.args
    mask = rest[0] if rest else node.kwargs.get("attn_mask")
    return query, key, value, mask, node.kwargs.get("scale") or shape_of(query)[-1] ** -0.5
