"""Where nodes come from: what torch.fx remembers of it, and what it costs."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import fx
from torch.fx.traceback import NodeSource


def module_of(node: fx.Node) -> str:
    """The path of the innermost module of the model that an operator was captured from."""
    stack = node.meta.get("nn_module_stack") or {"": ("", None)}
    path, _ = list(stack.values())[-1]
    return path or "the graph itself"


@contextmanager
def shared_provenance() -> Iterator[None]:
    """Let nodes share the record of where they come from while a toolchain traces a graph again and again.

    torch 2.13 copies the whole chain of records for each node in each pass, which takes a fifth of ExecuTorch's
    lowering of a tracker. A record does not change once it is made, so it may stand in for its copy.
    """
    before = NodeSource.__dict__.get("__deepcopy__")
    NodeSource.__deepcopy__ = lambda self, memo: self  # type: ignore[attr-defined]
    try:
        yield
    finally:
        if before is not None:
            NodeSource.__deepcopy__ = before  # type: ignore[attr-defined]
        else:
            del NodeSource.__deepcopy__  # type: ignore[attr-defined]
