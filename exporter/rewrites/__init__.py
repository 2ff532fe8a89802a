"""Exact rewrites of programs: small, named passes that never change a result.

A pass edits an unlifted `fx.GraphModule`, in which weights are `get_attr` nodes, so that it can read and replace them
like any other value. `rewrite` unlifts a program, applies passes in order and exports it again.
"""

from collections.abc import Callable, Sequence

import torch
from torch import fx
from torch.export import ExportedProgram

from exporter.rewrites.editing import constant

Rewrite = Callable[[fx.GraphModule], None]


def rewrite(program: ExportedProgram, passes: Sequence[Rewrite]) -> ExportedProgram:
    """Apply `passes` to `program`, which stays as it is; the inputs and outputs keep their names and shapes."""
    module = edited(program, passes)
    if module is None:
        return program
    args, kwargs = program.example_inputs
    with torch.no_grad():
        return torch.export.export(module, args, kwargs)


def edited(program: ExportedProgram, passes: Sequence[Rewrite]) -> fx.GraphModule | None:
    """Apply `passes` to a module of `program`, and return it; None where they change nothing."""
    module = program.module(check_guards=False)
    before = _calls(module)
    for apply in passes:
        apply(module)
        module.graph.eliminate_dead_code()
    # A module of the tensors still referred to: what was folded away must not travel into an artefact.
    used = {str(node.target): constant(module, node) for node in module.graph.nodes if node.op == "get_attr"}
    if _calls(module) == before and used.keys() == program.state_dict.keys() | program.constants.keys():
        return None
    return fx.GraphModule(used, module.graph)


def _calls(module: fx.GraphModule) -> list[tuple[object, ...]]:
    return [(node, node.target, node.args, node.kwargs) for node in module.graph.nodes]
