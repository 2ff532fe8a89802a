"""Toolchains trace a graph dozens of times: ways to leave out what torch does for each trace and nobody reads."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import fx
from torch.fx.traceback import NodeSource

from exporter.tracing.replaced import replaced

_ALLOCATIONS = 100_000, 20, 100
"""Objects made before Python looks for garbage among them, and how often that is until it looks among older ones."""


@contextmanager
def lean_traces() -> Iterator[None]:
    """Trace and edit graphs in less time; the graphs that come out of it are the same."""
    with shared_provenance(), lazy_compilation(), infrequent_collection():
        yield


@contextmanager
def lazy_compilation() -> Iterator[None]:
    """Generate and compile the Python source of a graph once it is called or read, not after each change.

    Passes interpret graphs, node by node: a tenth to a sixth of a lowering went into source that nobody ran.
    """
    with replaced("torch.fx:GraphModule.recompile", _noted):
        yield


def _noted(compile: Callable[[fx.GraphModule], Any]) -> Callable[[fx.GraphModule], None]:
    """`GraphModule.recompile` that leaves compiling to whoever wants the result."""
    forward, source = _Pending("forward", compile), _Pending("_code", compile)

    def recompile(module: fx.GraphModule) -> None:
        # Each graph module has a class of its own; torch sets the function there, and the source in the module.
        type(module).forward = forward  # type: ignore[assignment]
        type(module)._code = source
        vars(module).pop("_code", None)
        signature = getattr(module.graph._codegen, "pytree_info", None)
        if signature is not None:
            module._in_spec, module._out_spec = signature.in_spec, signature.out_spec

    return recompile


class _Pending:
    """An attribute of a graph module that is there as soon as it is asked for."""

    def __init__(self, name: str, compile: Callable[[fx.GraphModule], Any]) -> None:
        self._name, self._compile = name, compile

    def __get__(self, module: fx.GraphModule | None, owner: type) -> Any:
        if module is None:
            return self
        self._compile(module)
        return getattr(module, self._name)


@contextmanager
def infrequent_collection() -> Iterator[None]:
    """Let Python look for cycles of garbage less often: a graph is a million objects, and few of them are any."""
    before = gc.get_threshold()
    gc.set_threshold(*_ALLOCATIONS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


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
