"""Exact rewrites of programs: small, named passes that never change a result.

A pass edits an unlifted `fx.GraphModule`, in which weights are `get_attr` nodes, so that it can read and replace them
like any other value. `rewrite` unlifts a program, applies passes in order and exports it again.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, fx
from torch.export import ExportedProgram

Rewrite = Callable[[fx.GraphModule], None]


def rewrite(program: ExportedProgram, passes: Sequence[Rewrite]) -> ExportedProgram:
    """`program` after `passes`; the inputs and outputs keep their names and shapes."""
    if not passes:
        return program
    module = program.module(check_guards=False)
    for apply in passes:
        apply(module)
        module.graph.eliminate_dead_code()
    # A module of the tensors still referred to: what was folded away must not travel into an artefact.
    used = {str(node.target): constant(module, node) for node in module.graph.nodes if node.op == "get_attr"}
    args, kwargs = program.example_inputs
    with torch.no_grad():
        return torch.export.export(fx.GraphModule(used, module.graph), args, kwargs)


def constant(module: fx.GraphModule, value: object) -> Tensor | None:
    """The tensor behind a `get_attr` node; None for anything else."""
    if not (isinstance(value, fx.Node) and value.op == "get_attr"):
        return None
    found: object = module
    for part in str(value.target).split("."):
        found = getattr(found, part)
    return found.detach() if isinstance(found, Tensor) else None


def add_constant(module: fx.GraphModule, before: fx.Node, name: str, value: Tensor) -> fx.Node:
    """A new constant, readable from `before` on."""
    stem = f"folded_{name.replace('.', '_')}"
    count = 0
    while hasattr(module, f"{stem}_{count}"):
        count += 1
    module.register_buffer(f"{stem}_{count}", value.contiguous())
    with module.graph.inserting_before(before):
        node = module.graph.get_attr(f"{stem}_{count}")
    node.meta["val"] = value
    return node
