"""ExecuTorch: .pte programs, XNNPACK-delegated for every CPU or Core ML-delegated for Apple targets."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.backends.coreml import deployment_target
from exporter.backends.delegation import delegation
from exporter.backends.description import check_description
from exporter.backends.executorch_quantisation import quantised, quantised_calls
from exporter.backends.interface import Backend, Lowered, LowerOptions, NotExecutableError
from exporter.manifest import TensorSpec
from exporter.operations.operation import Operation, Value
from exporter.quantise.scheme import Integers, Scheme

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import fx

    from exporter.graphs.capture import Graph


OLDEST_IOS = 17
"""The first that its Swift packages are built for."""

# A .pte names neither its inputs nor its outputs; these methods of the program do.
_INPUT_NAMES, _OUTPUT_NAMES = "input_names", "output_names"
_METHOD = "forward"

_CORE_ML = "CoreMLBackend"
"""What a program calls the Core ML delegate by."""


def lower(graph: Graph, path: Path, options: LowerOptions) -> Lowered:
    """Write the graph as a program, whatever the delegate takes delegated to it, and say what it left outside.

    Raises `BackendError` where the oldest iOS is older than any operator set of Core ML, to which it is delegated.
    """
    from executorch.exir import EdgeCompileConfig, to_edge_transform_and_lower
    from executorch.exir.lowered_backend_module import get_lowered_submodules

    from exporter.backends.executorch_passes import without_repetition
    from exporter.operations.of_program import call_of, operator_name
    from exporter.rewrites.catalogue import rewritten
    from exporter.tracing.lean import lean_traces

    delegate = options.delegate or BACKEND.default_delegate
    assert delegate is not None, "this format has delegates"
    scheme, words = BACKEND.scheme(options), ""
    with lean_traces(), without_repetition() if delegate == "xnnpack" else nullcontext():
        program = rewritten(graph.program, BACKEND.passes(options))
        if scheme is not None:
            program = quantised(program, graph.example, scheme, options.calibration)
            words = quantised_calls(program)
        edge = to_edge_transform_and_lower(
            program,
            partitioner=[_partitioner(delegate, options)],
            constant_methods={
                _INPUT_NAMES: [spec.name for spec in graph.inputs],
                _OUTPUT_NAMES: [spec.name for spec in graph.outputs],
            },
            # Eight checks of the operators and their types: a program that runs here proves them once.
            compile_config=EdgeCompileConfig(_check_ir_validity=delegate != "xnnpack"),
        )
        module = edge.exported_program().graph_module
        inside = [node for _, piece, _ in get_lowered_submodules(module) for node in _operators(piece.original_module)]
        outside = _operators(module)
        census = Counter(operator_name(node) for node in (*inside, *outside))
        taken, left = ([call_of(node) for node in nodes] for nodes in (inside, outside))
        with path.open("wb") as file:
            edge.to_executorch().write_to_file(file)  # changes the module
    return Lowered(
        operators=dict(sorted(census.items())),
        delegation=delegation(delegate, taken, left, len(get_lowered_submodules(module))),
        min_os=deployment_target(options.min_ios) if delegate == "coreml" else None,
        compute_units=("cpu", "gpu", "npu") if delegate == "coreml" else ("cpu",),
        quantised=words,
    )


def _operators(module: Any) -> list[fx.Node]:
    """The operators of a graph: neither calls of a delegate nor the unpacking of what they return."""
    calls = [node for node in module.graph.nodes if node.op == "call_function"]
    return [node for node in calls if node.target is not operator.getitem and "delegate" not in node.name]


def _partitioner(delegate: str, options: LowerOptions) -> Any:
    if delegate == "xnnpack":
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner

        return XnnpackPartitioner()
    import coremltools as ct
    from executorch.backends.apple.coreml.compiler import CoreMLBackend
    from executorch.backends.apple.coreml.partition import CoreMLPartitioner

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
        buffer = path.read_bytes()
        self._program = Runtime.get().load_program(buffer)
        try:
            self._method = self._program.load_method(_METHOD)
        except Exception as error:
            if _CORE_ML.encode() not in buffer or Runtime.get().backend_registry.is_available(_CORE_ML):
                raise
            raise NotExecutableError(f"{path.name} is delegated to Core ML, on Apple systems only.") from error
        self._inputs, self._outputs = (_names(self._program, method) for method in (_INPUT_NAMES, _OUTPUT_NAMES))

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        import numpy as np
        import torch

        # A tensor of other strides than the row-major ones would be read as if it had those.
        tensors = [torch.from_numpy(np.ascontiguousarray(inputs[name])) for name in self._inputs]
        results = self._method.execute(tensors)
        # Results are views of memory that the next call overwrites.
        return {name: result.numpy().copy() for name, result in zip(self._outputs, results, strict=True)}

    def prepared(self, inputs: Mapping[str, NDArray[np.float32]]) -> Callable[[], object]:
        import torch

        return partial(self._execute, [torch.from_numpy(inputs[name]) for name in self._inputs])

    def _execute(self, tensors: Sequence[Any]) -> object:
        # The public call copies the outputs, which for a small operator takes longer than the operator.
        return self._method._method(tensors, False)


def load(path: Path, threads: int | None = None) -> ExecuTorchRunner:
    """Load a program; `threads` sets ExecuTorch's one process-wide pool.

    Raises `NotExecutableError` for one that is delegated to Core ML, unless this is an Apple system.
    """
    return ExecuTorchRunner(path, threads)


def operations(path: Path) -> Iterator[Operation]:
    """Yield the instructions of the program: calls of kernels, with the name of each, and of delegates."""
    from executorch.exir._serialize._program import deserialize_pte_binary
    from executorch.exir.schema import DelegateCall, KernelCall
    from executorch.exir.schema import Tensor as StoredTensor
    from executorch.extension.pybindings.portable_lib import _get_operator_names

    registered = set(_get_operator_names())
    program = deserialize_pte_binary(path.read_bytes()).program
    plan = next(plan for plan in program.execution_plan if plan.name == _METHOD)
    values = [
        _value(program, str(index), one.val) if isinstance(one.val, StoredTensor) else None
        for index, one in enumerate(plan.values)
    ]
    for index, instruction in enumerate(instruction for chain in plan.chains for instruction in chain.instructions):
        call = instruction.instr_args
        if isinstance(call, KernelCall):
            operator = plan.operators[call.op_index]
            kind = f"{operator.name}.{operator.overload}" if operator.overload else operator.name
        elif isinstance(call, DelegateCall):
            kind = plan.delegates[call.delegate_index].id
        else:
            continue
        # What an operator writes to stands among its arguments, and once more as the last of them.
        *given, result = call.args
        places = [*(place for place in given if place != result), result]
        tensors = tuple(value for place in places if (value := values[place]) is not None)
        attributes = {"registered": kind in registered} if isinstance(call, KernelCall) else {}
        yield Operation(kind, f"instruction {index}", tensors[:-1], tensors[-1:], attributes)


def _value(program: Any, name: str, tensor: Any) -> Value:
    import numpy as np
    from executorch.exir.schema import TensorShapeDynamism

    fixed = tensor.shape_dynamism == TensorShapeDynamism.STATIC
    dtype = _DTYPES.get(tensor.scalar_type.name, tensor.scalar_type.name.lower())
    constant = None
    if tensor.data_buffer_idx:
        elements = np.dtype(dtype) if dtype in np.sctypeDict else np.dtype(np.uint8)
        constant = np.frombuffer(program.constant_buffer[tensor.data_buffer_idx].storage, elements)
    return Value(name, tuple(extent if fixed else None for extent in tensor.sizes), dtype, constant)


_DTYPES = {"FLOAT": "float32", "DOUBLE": "float64", "HALF": "float16", "LONG": "int64", "INT": "int32"}
"""What ExecuTorch calls numpy's types otherwise"""


def inspect(path: Path, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> str:
    """Open the program, without its delegate, and compare its inputs and outputs with the graph's."""
    from executorch.runtime import Runtime

    program = Runtime.get().load_program(path.read_bytes())
    method = program.metadata(_METHOD)
    taken = [method.input_tensor_meta(index) for index in range(method.num_inputs())]
    given = [method.output_tensor_meta(index) for index in range(method.num_outputs())]
    names = (*_names(program, _INPUT_NAMES), *_names(program, _OUTPUT_NAMES))
    found = [(name, _type(one), tuple(one.sizes())) for name, one in zip(names, (*taken, *given), strict=True)]
    return check_description(path, found, (*inputs, *outputs), {"float32": "FLOAT", "float16": "HALF"})


def _type(tensor: Any) -> str:
    """What a program calls the type of a tensor's elements."""
    from executorch.exir.scalar_type import ScalarType

    return ScalarType(tensor.dtype()).name


def _names(program: Any, method: str) -> list[str]:
    return list(program.load_method(method).execute([]))


def _kinds(graph: Graph, path: Path) -> set[str]:
    """Of the program that is quantised: the file holds what XNNPACK made of it."""
    from exporter.operations.of_program import operator_name
    from exporter.rewrites.catalogue import rewritten

    program = rewritten(graph.program, BACKEND.rewrites["xnnpack"])
    calls = (node for node in program.graph.nodes if node.op == "call_function")
    return {operator_name(node).removeprefix("aten.") for node in calls}


_STATIC = ("conv2d.default", "linear.default", "add.Tensor", "mul.Tensor")
_INTEGERS = Scheme(_STATIC, activations="static", integers=Integers(tuple(f"aten.{kind}" for kind in _STATIC)))

BACKEND = Backend(
    name="executorch",
    extension="pte",
    precisions=("fp32", "int8", "int8-dynamic", "mixed"),
    schemes={
        "mixed": _INTEGERS,
        "int8": _INTEGERS,
        "int8-dynamic": Scheme(("linear.default",), activations="dynamic"),
    },
    without_ranges={"int8": "int8-dynamic", "mixed": "int8-dynamic"},
    groups=tuple((kind,) for kind in _STATIC),
    kinds=_kinds,
    delegates={"xnnpack": (), "coreml": ("coremltools",)},
    rewrites={
        # Whatever XNNPACK has no operator for ends a delegated piece.
        "xnnpack": (
            "attention_in_tiles",
            "attention_as_matmuls",
            "matmuls_in_rank_three",
            "softmax_in_rank_three",
            "convolutions_in_parts",
            "splits_as_slices",
            "indices_as_slices",
            "layer_norm_as_arithmetic",
            "means_that_keep_axes",
            "group_norm_as_arithmetic",
            "sum_as_average_pool",
            "fold_constants",
        ),
        "coreml": ("attention_in_tiles",),
    },
    toolchain=("executorch", "torch", "torchao"),
    runtime="ExecuTorch",
    extra="executorch",
    lower=lower,
    inspect=inspect,
    load=load,
    operations=operations,
)
