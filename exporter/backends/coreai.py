"""Core AI: .aimodel assets for iOS and macOS 27, run here by the interpreter in Apple's own wheel."""

from __future__ import annotations

import asyncio
import hashlib
import re
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from exporter.backends.description import check_description
from exporter.backends.interface import Backend, Lowered, LowerOptions
from exporter.errors import BackendError, describe
from exporter.manifest import TensorSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch.export import ExportedProgram

    from exporter.graphs.capture import Graph


OLDEST_IOS = 27
"""The first with Core AI."""

MOST_SECONDS_TO_LET_GO = 1.0
"""In a process that meanwhile starts other threads of such a kind, there would be no end to it."""

_FUNCTION = "main"
_DIALECT = ("coreai.", "decomposable.")
"""What the names of operators begin with; the second marks one that a compiler may take apart."""
_NO_OPERATORS = ("constant", "output")
_CALLEE = re.compile(r"@(?P<name>\w+?)(_composite)?_[a-z]{8}\b")
"""A function of the program, such as a layer norm; the letters at the end tell those of different shapes apart."""


def lower(graph: Graph, path: Path, options: LowerOptions) -> Lowered:
    """Write the graph as an asset, whose inputs and outputs are in single precision whatever it computes in."""
    import torch

    from exporter.rewrites.catalogue import rewritten

    coreai_torch = _coreai_torch()
    program = rewritten(graph.program, BACKEND.passes(options))
    if options.precision == "fp16":
        program = _in_half_precision(program)
    with torch.no_grad():
        program = program.run_decompositions(coreai_torch.get_decomp_table())
        # Without stack traces, which would tell the reader of an artefact the folders of this machine.
        converter = coreai_torch.TorchConverter(mode=coreai_torch.TorchConverter.Mode.RELEASE)
        converter.add_exported_program(
            program,
            input_names=[spec.name for spec in graph.inputs],
            output_names=[spec.name for spec in graph.outputs],
            entrypoint_name=_FUNCTION,
        )
        converted = converter.to_coreai()
    converted.save_asset(path)
    return Lowered(
        operators=_census(converted),
        min_os=f"iOS{OLDEST_IOS}",
        compute_units=("cpu", "gpu", "npu"),
    )


def _in_half_precision(program: ExportedProgram) -> ExportedProgram:
    """The same in half precision, between inputs and outputs that stay in single precision."""
    import torch
    from torch import Tensor, fx, nn

    inner = program.module(check_guards=False).half()
    for node in inner.graph.nodes:
        for name in ("args", "kwargs"):  # of what makes a tensor, or casts one
            halved = fx.node.map_aggregate(getattr(node, name), lambda a: torch.float16 if a is torch.float32 else a)
            setattr(node, name, halved)
    inner.recompile()

    class Half(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, **inputs: Tensor) -> dict[str, Tensor]:
            outputs = self.inner(**{name: value.half() for name, value in inputs.items()})
            return {name: value.float() for name, value in outputs.items()}

    with torch.no_grad():
        return torch.export.export(Half(), *program.example_inputs)


def _census(converted: Any) -> dict[str, int]:
    """Operators of the function that is run; what it calls counts as one each, such as a layer norm."""
    functions = {str(f.attributes["sym_name"]).strip('"'): f for f in converted._module._mlir_module.body.operations}
    counts: Counter[str] = Counter()
    for operator in functions[_FUNCTION].regions[0].blocks[0].operations:
        name = operator.operation.name
        for prefix in _DIALECT:
            name = name.removeprefix(prefix)
        if name == "invoke" and (callee := _CALLEE.search(str(operator.attributes["callee"]))):
            name = callee["name"]
        counts[name] += name not in _NO_OPERATORS
    return dict(sorted((+counts).items()))


class CoreAIRunner:
    """An asset, compiled for the interpreter when it is loaded."""

    def __init__(self, path: Path) -> None:
        _refuse_damaged(path)
        self.runtime = f"Core AI {metadata.version('coreai-core')}"
        self._function = _await(_compiled(path))

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        import numpy as np
        from coreai.runtime import NDArray

        given = {name: NDArray(np.ascontiguousarray(value, np.float32)) for name, value in inputs.items()}
        # Results are views of the runtime's memory.
        return {name: value.numpy().copy() for name, value in _await(self._function(given)).items()}


async def _compiled(path: Path) -> Any:
    """What runs an asset. It has read all that it needs when the context, a temporary folder, comes to its end."""
    from coreai.authoring import AIModelAsset

    async with AIModelAsset.load(path).executable() as model:
        return model.load_function(_FUNCTION)


def _refuse_damaged(path: Path) -> None:
    """Raise `BackendError` for a program that is not the one it was saved as: reading it would end this process."""
    try:
        with (path / "main.mlirb").open("rb") as program:
            digest = hashlib.file_digest(program, "sha256").digest()
        saved = (path / "main.hash").read_bytes()
    except OSError as error:
        raise BackendError(f"{path.name} cannot be read ({describe(error)}).") from error
    if digest != saved:
        raise BackendError(f"{path.name} is damaged: its program does not have the sha256 that it was saved with.")


def load(path: Path, threads: int | None = None) -> CoreAIRunner:
    """Compile an asset for the interpreter, which has no number of threads to set.

    Raises `BackendError` for a damaged one.
    """
    return CoreAIRunner(path)


def inspect(path: Path, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> str:
    """Compare the inputs and outputs of the asset's function with the graph's; raises `BackendError`."""
    _refuse_damaged(path)
    function = _await(_compiled(path)).desc
    described = [(name, function.input_descriptor(name)) for name in function.input_names]
    described += [(name, function.output_descriptor(name)) for name in function.output_names]
    found = [(name, str(one.dtype), tuple(one.shape)) for name, one in described]
    return check_description(path, found, (*inputs, *outputs), {})


def _await(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Its result; in a thread of its own where the caller is inside an event loop already, as in a notebook."""
    before = set(sys._current_frames())
    try:
        if not _inside_a_loop():
            return asyncio.run(coroutine)
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, coroutine).result()
    finally:
        _let_go(before)


def _inside_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _let_go(before: Set[int]) -> None:
    """Wait until the runtime's thread that brought a result has left Python, which takes it no time to speak of.

    Python ends a thread that still is inside when it ends itself, and Swift then ends the process: exit code 134. The
    threads of `before` were there already: they are other people's.
    """
    own = {*before, *(thread.ident for thread in threading.enumerate())}
    until = monotonic() + MOST_SECONDS_TO_LET_GO
    while not own.issuperset(sys._current_frames()) and monotonic() < until:
        sleep(1e-3)


def _coreai_torch() -> Any:
    """coreai_torch, without its warning about the very version of torch that it was validated with."""
    with warnings.catch_warnings(action="ignore"):
        import coreai_torch
    return coreai_torch


BACKEND = Backend(
    name="coreai",
    extension="aimodel",
    precisions=("fp32", "fp16"),
    rewrites={None: ("attention_in_tiles", "attention_with_wide_values_as_matmuls", "averages_that_count_padding")},
    toolchain=("coreai-torch", "coreai-core", "torch"),
    runtime="the Core AI interpreter",
    extra="coreai",
    interpreted=True,
    on_request=True,
    seconds=60.0,
    lower=lower,
    inspect=inspect,
    load=load,
)
