"""Passes that take one part out of a captured program, so that tests can ask whether verification notices."""

import re

import torch
from torch import Tensor, fx

from exporter.rewrites import Rewrite
from exporter.rewrites.editing import add_constant, aten, calls, constant


def knock_out(path: str) -> Rewrite:
    """A pass that replaces what the modules at `path` give to the rest of the program by zeros."""

    def apply(module: fx.GraphModule) -> None:
        inside = {node for node in module.graph.nodes if _module_path(node) and re.search(path, _module_path(node))}
        assert inside, f"no module matches {path}"
        for node in inside:
            outside = [user for user in node.users if user not in inside]
            if outside:
                zeros = add_constant(module, node, "zeros", torch.zeros(node.meta["val"].shape))
                for user in outside:
                    user.replace_input_with(node, zeros)

    return apply


def knock_out_constant(value: Tensor) -> Rewrite:
    """A pass that replaces a constant by zeros, whatever shape and name it was folded into."""

    def apply(module: fx.GraphModule) -> None:
        same = [node for node in module.graph.nodes if _holds(constant(module, node), value)]
        assert same, "the program has no such constant"
        for node in same:
            zeros = add_constant(module, node, "zeros", torch.zeros(node.meta["val"].shape))
            node.replace_all_uses_with(zeros)

    return apply


def knock_out_biases(module: fx.GraphModule) -> None:
    """Zero every constant that is added to attention scores."""
    found = 0
    for node in module.graph.nodes:
        scores = node.target is aten.add.Tensor and node.meta["val"].ndim == 4
        operands = [node.kwargs.get("attn_mask"), *(node.args if scores else [])]
        for operand in operands:
            value = constant(module, operand)
            if value is not None and value.ndim >= 3:
                node.replace_input_with(operand, add_constant(module, node, "zeros", torch.zeros_like(value)))
                found += 1
    assert found


def knock_out_masks(module: fx.GraphModule) -> None:
    """Let every attention see all of its keys."""
    masked = [node for node in calls(module, aten.scaled_dot_product_attention.default) if len(node.args) > 3]
    assert masked
    for node in masked:
        node.args = node.args[:3]


def _module_path(node: fx.Node) -> str:
    """Path of the innermost module that a node comes from."""
    stack = list(node.meta.get("nn_module_stack", {}).values())
    return f"{stack[-1][0]}" if stack else ""


def _holds(found: Tensor | None, value: Tensor) -> bool:
    return found is not None and found.numel() == value.numel() and torch.equal(found.flatten(), value.flatten())
