"""litert-torch converts a graph in five traces of it: ways around what is traced or built again for nothing.

Nothing here may change a file. A release of litert-torch that does it another way makes it slower, not different.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import torch
from torch.export import ExportedProgram

from exporter.tracing.replaced import replaced

aten = torch.ops.aten


@contextmanager
def without_repetition() -> Iterator[None]:
    """Convert programs to TFLite in less time."""
    with (
        replaced("litert_torch.backend.export:_convert_i64_to_i32", _unless_cast_at_once),
        # JAX lowers an operator in a context of its own, into which it loads all dialects; the modules do not mind.
        replaced("jax._src.interpreters.mlir:make_ir_context", cache),
    ):
        yield


def _unless_cast_at_once(convert: Callable[[ExportedProgram], bool]) -> Callable[[ExportedProgram], bool]:
    """Ranges of 64-bit numbers become 32-bit ones, and so the program is traced again.

    Not for those that are cast to another type at once, as in an enlargement of a map: they are folded.
    """

    def run(program: ExportedProgram) -> bool:
        ranges = [node for node in program.graph.nodes if node.target is aten.arange.start_step]
        users = [user for node in ranges if node.meta["val"].dtype is torch.int64 for user in node.users]
        if all(user.target is aten._to_copy.default and user.meta["val"].dtype is not torch.int64 for user in users):
            return False
        return convert(program)

    return run
