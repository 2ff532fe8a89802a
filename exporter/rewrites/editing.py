"""The functions with which passes read and edit graphs."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, fx

aten = torch.ops.aten


def constant(module: fx.GraphModule, value: object) -> Tensor | None:
    """Return the tensor behind a `get_attr` node; None for anything else."""
    if not (isinstance(value, fx.Node) and value.op == "get_attr"):
        return None
    found: object = module
    for part in str(value.target).split("."):
        found = getattr(found, part)
    return found.detach() if isinstance(found, Tensor) else None


def add_constant(module: fx.GraphModule, before: fx.Node, name: str, value: Tensor) -> fx.Node:
    """Add a constant to the graph, which nodes from `before` on can read.

    It gets storage of its own: ExecuTorch writes a part of a larger tensor as that tensor, from its beginning.
    """
    stem = f"folded_{name.replace('.', '_')}"
    count = 0
    while hasattr(module, f"{stem}_{count}"):
        count += 1
    module.register_buffer(f"{stem}_{count}", value.clone(memory_format=torch.contiguous_format))
    with module.graph.inserting_before(before):
        node = module.graph.get_attr(f"{stem}_{count}")
    node.meta["val"] = value
    return node


def calls(module: fx.GraphModule, target: Any) -> list[Any]:
    """The nodes that call an operator; as Any, because fx types each argument as everything it could be."""
    return [node for node in module.graph.nodes if node.target is target]


def call(module: fx.GraphModule, target: Any, *args: Any, **kwargs: Any) -> fx.Node:
    """Add a call whose result's shape is known, so that later passes can ask for it."""
    node = module.graph.call_function(target, args, kwargs)
    node.meta["val"] = target(*fx.node.map_arg(args, _blank), **fx.node.map_arg(kwargs, _blank))
    return node


def _blank(node: fx.Node) -> Tensor:
    """A tensor without storage, of the shape and type of the node's result."""
    value = node.meta["val"]
    return torch.empty(value.shape, dtype=value.dtype, device="meta")


def filled(module: fx.GraphModule, node: fx.Node, width: int | None, value: float) -> fx.Node:
    """A constant in the precision of `node`: the weight [1, width] of a linear layer, or without width its bias [1]."""
    shape = (1,) if width is None else (1, width)
    return add_constant(module, node, "filled", torch.full(shape, value, dtype=node.meta["val"].dtype))


def replace(module: fx.GraphModule, node: fx.Node, result: fx.Node) -> None:
    node.replace_all_uses_with(result)
    module.graph.erase_node(node)


def shape_of(node: Any) -> Sequence[int]:
    return node.meta["val"].shape


def merged(module: fx.GraphModule, node: Any) -> fx.Node:
    """Reshape a rank-4 tensor so that its first two axes become one."""
    return call(module, aten.reshape.default, node, [-1, *shape_of(node)[2:]])
