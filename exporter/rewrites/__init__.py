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
