"""Toolchains trace a graph dozens of times: ways to leave out what torch does for each trace and nobody reads."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import fx

from exporter.operations.provenance import shared_provenance

_ALLOCATIONS = 100_000, 20, 100
"""Objects made before Python looks for garbage among them, and how often that is until it looks among older ones."""


@contextmanager
def lean_traces() -> Iterator[None]:
    """Trace and edit graphs in less time; the graphs that come out of it are the same."""
    with shared_provenance(), graphs_compiled_when_called(), garbage_looked_for_rarely():
        yield


@contextmanager
def replaced(owner: Any, name: str, wrapped: Callable[[Any], Any]) -> Iterator[None]:
    """Let `owner.name` be what `wrapped` makes of it. Where a toolchain has no such thing any more, nothing happens."""
    if not hasattr(owner, name):
        yield
        return
    before = getattr(owner, name)
    setattr(owner, name, wrapped(before))
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextmanager
def graphs_compiled_when_called() -> Iterator[None]:
    """Generate and compile the Python source of a graph once it is called or read, not after each change.

    Passes interpret graphs, node by node: a tenth to a sixth of a lowering went into source that nobody ran.
    """
    with replaced(fx.GraphModule, "recompile", _noted):
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
def garbage_looked_for_rarely() -> Iterator[None]:
    """Let Python look for cycles of garbage less often: a graph is a million objects, and few of them are any."""
    before = gc.get_threshold()
    gc.set_threshold(*_ALLOCATIONS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
