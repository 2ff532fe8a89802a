"""TFLite: .tflite files by litert-torch, run by LiteRT (the successor of tflite-runtime) with XNNPACK."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.backends import Computed, Lowered, LowerOptions, rewrites_for
from exporter.manifest import Precision

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from exporter.graphs.capture import Graph

NAME = "tflite"
EXTENSION = "tflite"
PRECISIONS: tuple[Precision, ...] = ("fp32",)
DELEGATES: dict[str, tuple[str, ...]] = {}
REWRITES: dict[str | None, tuple[str, ...]] = {None: ("attention_in_tiles", "single_head_attention_as_matmuls")}
TOOLCHAIN = ("litert-torch", "ai-edge-litert", "torch")
RUNTIME = "LiteRT"
INTERPRETED = False
SECONDS = None
ON_REQUEST = False
EXTRA = "tflite"
REORDERS_AXES = True


def lower(graph: Graph, path: Path, options: LowerOptions) -> Lowered:
    import litert_torch
    from ai_edge_litert.interpreter import Interpreter

    from exporter.graphs.provenance import shared_provenance
    from exporter.rewrites.catalogue import rewritten

    with shared_provenance():
        program = rewritten(graph.program, rewrites_for(options, REWRITES))
        converter = litert_torch.Converter()
        converter.signature(graph.name, program.module(check_guards=False), sample_kwargs=graph.example)
        converter.convert().export(str(path))
    operators = Counter(op["op_name"] for op in Interpreter(str(path))._get_ops_details())
    operators.pop("DELEGATE", None)  # the interpreter lists its own delegate beside the operators of the file
    return Lowered(operators=dict(sorted(operators.items())), compute_units="CPU, or a GPU delegate")


class LiteRTRunner:
    def __init__(self, path: Path, threads: int | None) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.runtime = f"LiteRT {metadata.version('ai-edge-litert')}"
        # Its own default is one thread, the other runtimes' every core.
        self._interpreter = Interpreter(str(path), num_threads=threads or _cores())
        (name,) = self._interpreter.get_signature_list()
        self._run = self._interpreter.get_signature_runner(name)

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        return dict(self._run(**inputs))


def _cores() -> int:
    """Those that this process may use, where the system says."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load(path: Path, threads: int | None = None) -> LiteRTRunner:
    return LiteRTRunner(path, threads)


def trace(path: Path, inputs: Mapping[str, NDArray[np.float32]]) -> Iterator[Computed]:
    """By LiteRT's own kernels: XNNPACK, which runs the artefact otherwise, shows nothing of what is inside."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        str(path),
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        num_threads=_cores(),
    )
    (signature,) = interpreter.get_signature_list()
    interpreter.get_signature_runner(signature)(**inputs)
    tensors = {tensor["index"]: tensor for tensor in interpreter.get_tensor_details()}
    operations = interpreter._get_ops_details()
    made = {index for operation in operations for index in operation["outputs"]}
    for operation in operations:
        results = {str(index): interpreter.get_tensor(index) for index in operation["outputs"]}
        reads = tuple(str(index) for index in operation["inputs"] if index in made)
        name = _module_path(tensors[operation["outputs"][0]]["name"])
        yield Computed(operation["op_name"], name, None, reads, results)


def _module_path(name: str) -> str:
    """'model.stem.conv' from '…Classify/…MobileViT_model/…ConvNorm_stem/…Conv2d_conv;…'."""
    first, _, _ = name.partition(";")
    parts = [part.rpartition(".")[2].partition("_")[2] for part in first.split("/")]
    return ".".join(part for part in parts if part) or name
