"""ONNX: one .onnx file with its weights inside, run by ONNX Runtime."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.backends import onnx_file
from exporter.backends.description import Described, check_description
from exporter.backends.interface import Backend, Computed, Lowered, LowerOptions
from exporter.backends.onnx_quantisation import quantise
from exporter.manifest import TensorSpec
from exporter.quantise.scheme import Integers, Scheme

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from exporter.graphs.capture import Graph
    from exporter.operations.operation import Operation


OPSET = 20
"""The first with a GELU of its own: spelled out as an error function, it costs EfficientFormers up to a third more."""


def lower(graph: Graph, path: Path, options: LowerOptions) -> Lowered:
    """Write the graph as one file of operator set `OPSET`, with its weights inside."""
    import onnx

    scheme, words = BACKEND.scheme(options), ""
    if scheme is None:
        _write(graph, path, options)
    else:
        if options.full is None:
            _write(graph, path, options)
        words = quantise(options.full or path, path, scheme, options.calibration)
    operators = Counter(node.op_type for node in onnx.load(path, load_external_data=False).graph.node)
    return Lowered(operators=dict(sorted(operators.items())), compute_units=("cpu",), quantised=words)


def _write(graph: Graph, path: Path, options: LowerOptions) -> None:
    """In single precision."""
    import torch

    from exporter.rewrites.catalogue import rewritten

    program = torch.onnx.export(
        rewritten(graph.program, BACKEND.passes(options)),
        kwargs=graph.example,
        dynamo=True,
        opset_version=OPSET,
        input_names=[spec.name for spec in graph.inputs],
        output_names=[spec.name for spec in graph.outputs],
        verbose=False,
    )
    assert program is not None, "torch.onnx.export returns a program when no file is given"
    program.save(path, external_data=False)


def inspect(path: Path, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> str:
    """Compare the inputs and outputs that a file describes with the graph's."""
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    stored = {initializer.name for initializer in graph.initializer}
    taken = [value for value in graph.input if value.name not in stored]
    found = [_described(value) for value in (*taken, *graph.output)]
    return check_description(path, found, (*inputs, *outputs), {"float32": "FLOAT", "float16": "FLOAT16"})


def _described(value: Any) -> Described:
    """An input or output, with 0 in its shape where that is open."""
    import onnx

    tensor = value.type.tensor_type
    shape = tuple(extent.dim_value for extent in tensor.shape.dim)
    return value.name, onnx.TensorProto.DataType.Name(tensor.elem_type), shape


class OnnxRunner:
    def __init__(self, path: Path, threads: int | None) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        if threads is not None:
            options.intra_op_num_threads = threads
        self.runtime = f"ONNX Runtime {metadata.version('onnxruntime')}"
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self._outputs = [output.name for output in self._session.get_outputs()]

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        return dict(zip(self._outputs, self._session.run(self._outputs, dict(inputs)), strict=True))

    def prepared(self, inputs: Mapping[str, NDArray[np.float32]]) -> Callable[[], object]:
        import onnxruntime

        binding = self._session.io_binding()
        for name, value in inputs.items():
            binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(value))
        for name in self._outputs:
            binding.bind_output(name)
        return partial(self._session.run_with_iobinding, binding)


def load(path: Path, threads: int | None = None) -> OnnxRunner:
    """Load a file into ONNX Runtime, which runs on the CPU; raises ONNX Runtime's own error for one that is damaged."""
    return OnnxRunner(path, threads)


def trace(path: Path, inputs: Mapping[str, NDArray[np.float32]]) -> Iterator[Computed]:
    """Run once and yield every node but constants.

    Every value is made an output, which may keep ONNX Runtime from fusing operators.
    """
    import onnx
    import onnxruntime

    model = onnx.load(path)
    nodes = [node for node in model.graph.node if node.op_type != "Constant"]
    constants = {one.name for one in model.graph.initializer}
    names = [name for node in nodes for name in node.output if name]
    del model.graph.output[:]
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    values = dict(zip(names, session.run(names, dict(inputs)), strict=True))
    computed = set(values) | set(inputs)
    for node in nodes:
        reads = tuple(name for name in node.input if name in computed and name not in constants)
        yield Computed(
            node.op_type, node.output[0], node.output[0], reads, {name: values[name] for name in node.output if name}
        )


def operations(path: Path) -> Iterator[Operation]:
    """Yield the operators of a file; raises ONNX's own error for one that is damaged."""
    import onnx

    return onnx_file.operations(onnx.load(path))


_GROUPS = (
    ("Conv",), ("Gemm", "MatMul"), ("Add",), ("Mul",), ("Resize", "Reshape", "Transpose", "Slice", "Concat", "Pad"),
    ("Sigmoid",), ("Softmax",),
)  # fmt: skip


def _kinds(graph: Graph, path: Path) -> set[str]:
    """Of the nodes of a file"""
    import onnx

    return {node.op_type for node in onnx.load(path, load_external_data=False).graph.node}


BACKEND = Backend(
    name="onnx",
    extension="onnx",
    precisions=("fp32", "int8", "int8-weights", "int8-dynamic", "mixed"),
    schemes={
        "mixed": Scheme(
            tuple(kind for group in _GROUPS for kind in group),
            activations="static",
            integers=Integers(greatest_weight=64),
        ),
        "int8": Scheme(
            ("Conv", "Gemm", "MatMul"),
            activations="static",
            integers=Integers(
                ("aten.conv2d.default", "aten.linear.default", "aten.matmul.default"), greatest_weight=64
            ),
        ),
        "int8-weights": Scheme(("Conv", "ConvTranspose", "Gemm", "MatMul")),
        "int8-dynamic": Scheme(("Gemm", "MatMul"), ("Conv", "ConvTranspose"), activations="dynamic"),
    },
    without_ranges={"int8": "int8-dynamic", "mixed": "int8-dynamic"},
    rewrites={None: ("attention_in_tiles",)},
    toolchain=("onnx", "onnxscript", "onnxruntime", "torch"),
    runtime="ONNX Runtime",
    extra="onnx",
    lower=lower,
    inspect=inspect,
    load=load,
    trace=trace,
    operations=operations,
    groups=_GROUPS,
    kinds=_kinds,
)
