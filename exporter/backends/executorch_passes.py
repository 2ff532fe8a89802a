"""ExecuTorch lowers a graph in forty traces of it: ways around those that find what the one before has found.

Nothing here may change a file. A release of ExecuTorch that has other passes makes it slower, not different.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import torch
from torch import fx
from torch.export import ExportedProgram

from exporter.tracing.replaced import replaced

_LOOKS_FOR = {
    "ConvertToUpsampleBilinear2d": ("upsample_bilinear2d", "index"),
    "ConvertToLinearPass": ("mm",),
    "PropagateCustomMetaPass": ("quantize",),
    "ConvertToSDPAPass": ("logical_not",),
    "FuseBatchNormPass": ("batch_norm",),
    "DecomposeBatchNorm": ("batch_norm",),
    "FuseActivationPass": ("relu", "hardtanh"),
    "DecomposeConcatenate": ("cat",),
    "RemoveGetItemPass": ("max",),
    "InsertPadQDQPass": ("quantize",),
    "PReLUReshapePass": ("prelu",),
}
"""Pass of XNNPACK's -> parts of names of operators: where no operator has any of them, it changes nothing.

A pattern of several operators stands here with one of them that is rare.
"""


@contextmanager
def without_repetition() -> Iterator[None]:
    """Lower programs to XNNPACK in half the time."""
    with (
        replaced("torch.export:ExportedProgram.run_decompositions", _only_if_needed),
        replaced("executorch.exir.pass_base:_ExportPassBase._fx", _each_operator_once),
        replaced("executorch.backends.xnnpack._passes:XNNPACKPassManager.transform", _without_idle_passes),
    ):
        yield


def _only_if_needed(run_decompositions: Callable[..., ExportedProgram]) -> Callable[..., ExportedProgram]:
    """Of its three decompositions, each of which traces the program, one is enough unless XNNPACK turns operators down.

    The first has an empty table. It is for partitioners that look at the program before they say which operators to
    keep, which XNNPACK's does not; the second makes the program functional all the same. The third is for the operators
    that were kept in the second, and are not XNNPACK's after all.
    """
    decomposed = WeakSet[ExportedProgram]()

    def run(program: ExportedProgram, decomp_table: Any = None, *args: Any, **kwargs: Any) -> ExportedProgram:
        # torch's own tables are dicts too, and empty as such.
        if type(decomp_table) is dict and not decomp_table:
            return program
        if decomp_table is not None and program in decomposed and not _operators(program) & set(decomp_table):
            return program
        result = run_decompositions(program, decomp_table, *args, **kwargs)
        decomposed.add(result)
        return result

    return run


def _operators(program: ExportedProgram) -> set[Any]:
    graphs = [module.graph for module in program.graph_module.modules() if isinstance(module, fx.GraphModule)]
    return {node.target for graph in graphs for node in graph.nodes if node.op == "call_function"}


def _each_operator_once(fx_: Callable[..., Any]) -> Callable[..., Any]:
    """A pass passes on most operators as they are, with the very tensors that they had in the pass before.

    Only shapes are computed in a trace, but that is half of what it takes.
    """
    known: dict[Any, Any] = {}

    def trace(pass_: Any, *args: Any) -> Any:
        if not isinstance(pass_.interpreter, _Remembering):
            pass_.interpreter = _Remembering(pass_.interpreter, known)
        return fx_(pass_, *args)

    return trace


class _Remembering:
    """Does what an interpreter does, but computes an operator only once with the same tensors."""

    def __init__(self, interpreter: fx.Interpreter, known: dict[Any, Any]) -> None:
        self._interpreter, self._known = interpreter, known

    def __getattr__(self, name: str) -> Any:
        return getattr(self._interpreter, name)

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        key = target, _identity(args), _identity(kwargs)
        try:
            if key in self._known:
                return self._known[key][0]
        except TypeError:  # a symbolic number, say
            return self._interpreter.call_function(target, args, kwargs)
        result = self._interpreter.call_function(target, args, kwargs)
        # Without a tensor among the arguments it would not be known which mode the result belongs to.
        if _has_mode(args) and _has_mode(result):
            self._known[key] = result, args, kwargs  # which stay alive, so that no other tensor gets their identity
        return result


def _has_mode(tree: Any) -> bool:
    """Whether there is a tensor of known shape and no content, which has the mode of the trace that it belongs to."""
    found: list[bool] = []
    fx.node.map_aggregate(tree, lambda leaf: found.append(hasattr(leaf, "fake_mode")))
    return any(found)


def _identity(argument: Any) -> Any:
    """Equal for two arguments that are the same tensors and equal numbers of the same types."""
    if isinstance(argument, torch.Tensor):
        return id(argument)
    if isinstance(argument, list | tuple):
        return type(argument), *map(_identity, argument)
    if isinstance(argument, dict):
        return dict, *((name, _identity(value)) for name, value in argument.items())
    return type(argument), argument


def _without_idle_passes(transform: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Each pass of XNNPACK's ends in a trace of the piece, whatever it has found, and two begin with an export.

    Those export the patterns that they look for.
    """

    def run(manager: Any) -> Any:
        nodes = manager.exported_program.graph.nodes
        names = [node.target.__name__ for node in nodes if node.op == "call_function"]

        def idle(one: type) -> bool:
            parts = _LOOKS_FOR.get(one.__name__)
            return parts is not None and not any(part in name for part in parts for name in names)

        manager.passes = [one for one in manager.passes if not idle(one)]
        return transform(manager)

    return run
