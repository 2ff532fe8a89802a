"""Rewrites for ExecuTorch's XNNPACK delegate."""

import torch
from torch import fx

aten = torch.ops.aten


def flatten_softmax(module: fx.GraphModule) -> None:
    """Softmax over the last axis of a rank-4 tensor, as a softmax over the same axis of a rank-3 one.

    XNNPACK keeps what a convolution returns in NHWC and, as of ExecuTorch 1.4, applies a softmax that follows to the
    wrong axis: talking-head attention comes out with an error above 100 %. A reshape in front restores NCHW.
    """
    for node in list(module.graph.nodes):
        if node.target is not aten.softmax.int:
            continue
        shape = node.meta["val"].shape
        if len(shape) != 4 or node.args[1] not in (-1, 3):
            continue
        with module.graph.inserting_before(node):
            flat = module.graph.call_function(aten.reshape.default, (node.args[0], [-1, *shape[2:]]))
            softmax = module.graph.call_function(aten.softmax.int, (flat, -1))
            result = module.graph.call_function(aten.reshape.default, (softmax, list(shape)))
        node.replace_all_uses_with(result)
        module.graph.erase_node(node)
