"""ExecuTorch: .pte programs, XNNPACK-delegated for every CPU or Core ML-delegated for Apple targets."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.backends import Lowered, LowerOptions, NotExecutableError
from exporter.bundle import Delegation, Precision, TensorSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from exporter.graphs.capture import Graph

NAME = "executorch"
EXTENSION = "pte"
PRECISIONS: tuple[Precision, ...] = ("fp32",)
DELEGATES = ("xnnpack", "coreml")
TOOLCHAIN = ("executorch", "torch")
RUNTIME: str | None = "ExecuTorch"
EXTRA = "executorch"

# A .pte names neither its inputs nor its outputs; these methods of the program do.
_INPUT_NAMES, _OUTPUT_NAMES = "input_names", "output_names"
_METHOD = "forward"


def lower(graph: Graph, path: Path, options: LowerOptions) -> Lowered:
    from executorch.devtools.backend_debug import get_delegation_info
    from executorch.exir import to_edge_transform_and_lower

    from exporter.rewrites import rewrite
    from exporter.rewrites.xnnpack import XNNPACK

    delegate = options.delegate or DELEGATES[0]
    edge = to_edge_transform_and_lower(
        rewrite(graph.program, XNNPACK if delegate == "xnnpack" else ()),
        partitioner=[_partitioner(delegate, options)],
        constant_methods={
            _INPUT_NAMES: [spec.name for spec in graph.inputs],
            _OUTPUT_NAMES: [spec.name for spec in graph.outputs],
        },
    )
    module = edge.exported_program().graph_module
    info = get_delegation_info(module)
    outside = Counter(
        node.target.__name__ for node in module.graph.nodes if node.op == "call_function" and _computes(node)
    )
    with path.open("wb") as file:
        edge.to_executorch().write_to_file(file)  # changes the module
    return Lowered(
        operators=dict(sorted(outside.items())),
        delegation=Delegation(
            delegate=delegate,
            delegated_nodes=info.num_delegated_nodes,
            other_nodes=outside.total(),
            pieces=info.num_delegated_subgraphs,
        ),
        min_os=f"iOS{options.min_ios}" if delegate == "coreml" else None,
        compute_units="ALL" if delegate == "coreml" else "CPU",
    )


def _computes(node: Any) -> bool:
    """Whether a node is an operator of the program, and neither a call of the delegate nor the unpacking of one."""
    return node.target is not operator.getitem and "delegate" not in node.name


def _partitioner(delegate: str, options: LowerOptions) -> Any:
    if delegate == "xnnpack":
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner

        return XnnpackPartitioner()
    import coremltools as ct
    from executorch.backends.apple.coreml.compiler import CoreMLBackend
    from executorch.backends.apple.coreml.partition import CoreMLPartitioner

    from exporter.backends.coreml import deployment_target

    specs = CoreMLBackend.generate_compile_specs(
        compute_precision=ct.precision.FLOAT32,
        minimum_deployment_target=getattr(ct.target, deployment_target(options.min_ios)),
    )
    return CoreMLPartitioner(compile_specs=specs)


class ExecuTorchRunner:
    def __init__(self, path: Path, threads: int | None) -> None:
        from executorch.extension.pybindings import portable_lib
        from executorch.runtime import Runtime

        if threads is not None:
            portable_lib._unsafe_reset_threadpool(threads)
        self.runtime = f"ExecuTorch {metadata.version('executorch')}"
        # The method reads from the program's buffer without holding it: keep both.
        self._program = Runtime.get().load_program(path.read_bytes())
        try:
            self._method = self._program.load_method(_METHOD)
        except RuntimeError as error:
            raise NotExecutableError(
                f"{path.name} needs an ExecuTorch delegate that this machine lacks ({error})."
            ) from error
        self._inputs, self._outputs = (self._constant(name) for name in (_INPUT_NAMES, _OUTPUT_NAMES))

    def _constant(self, name: str) -> list[str]:
        return list(self._program.load_method(name).execute([]))

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        import torch

        results = self._method.execute([torch.from_numpy(inputs[name]) for name in self._inputs])
        # Results are views of memory that the next call overwrites.
        return {name: result.numpy().copy() for name, result in zip(self._outputs, results, strict=True)}


def load(path: Path, threads: int | None = None) -> ExecuTorchRunner:
    """`threads` sets ExecuTorch's one process-wide pool."""
    return ExecuTorchRunner(path, threads)


def inspect(path: Path, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> str:
    from executorch.runtime import Runtime

    methods = Runtime.get().load_program(path.read_bytes()).method_names
    return f"the program opens and has the methods {', '.join(sorted(methods))}"
