"""Rewrites for ExecuTorch's XNNPACK delegate."""

import torch
from torch import fx

from exporter.rewrites import Rewrite
from exporter.rewrites.folds import fold_constants

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


def group_norm_as_layer_norm(module: fx.GraphModule) -> None:
    """Group norm with one group, as a layer norm over channels and positions together, then gain and bias.

    XNNPACK has neither norm. ExecuTorch's group norm sums in single precision, one element after the other, which
    costs MobileViTv2 up to 4e-5 of its output; its layer norm does not. Gain and bias go to the delegate.
    """
    for node in list(module.graph.nodes):
        if node.target is not aten.group_norm.default or node.args[1] != 1:
            continue
        shape = node.meta["val"].shape
        source, _, gain, bias, epsilon, *_ = node.args
        per_channel = [1, shape[1], *[1] * (len(shape) - 2)]
        with module.graph.inserting_before(node):
            flat = module.graph.call_function(aten.reshape.default, (source, [shape[0], -1]))
            norm = module.graph.call_function(aten.layer_norm.default, (flat, [shape[1:].numel()], None, None, epsilon))
            result = module.graph.call_function(aten.reshape.default, (norm, list(shape)))
            gain = module.graph.call_function(aten.reshape.default, (gain, per_channel))
            bias = module.graph.call_function(aten.reshape.default, (bias, per_channel))
            result = module.graph.call_function(aten.mul.Tensor, (result, gain))
            result = module.graph.call_function(aten.add.Tensor, (result, bias))
        node.replace_all_uses_with(result)
        module.graph.erase_node(node)


XNNPACK: tuple[Rewrite, ...] = (flatten_softmax, group_norm_as_layer_norm, fold_constants)
