"""TFLite: .tflite files by litert-torch, run by LiteRT (the successor of tflite-runtime) with XNNPACK."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from device_profiles.host import cores
from exporter.backends.delegation import delegation
from exporter.backends.description import check_description
from exporter.backends.interface import Backend, Computed, Lowered, LowerOptions
from exporter.backends.tflite_quantisation import quantise
from exporter.errors import BackendError
from exporter.manifest import Delegation, TensorSpec
from exporter.operations.operation import Operation, Value
from exporter.quantise.scheme import Scheme

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from exporter.graphs.capture import Graph


def lower(graph: Graph, path: Path, options: LowerOptions) -> Lowered:
    """Write the graph as a file of one signature, named like the graph, with its inputs and outputs by name."""
    scheme, quantised = BACKEND.scheme(options), ""
    if scheme is None:
        _write(graph, path, options)
    else:
        full = options.full or path
        if options.full is None:
            _write(graph, path, options)
        quantise(full, path, scheme, options.calibration, list(operations(full)))
        quantised = _quantised(path)
    return Lowered(
        operators=dict(sorted(Counter(one.kind for one in operations(path)).items())),
        delegation=_delegation(path),
        compute_units=("cpu", "gpu"),
        quantised=quantised,
    )


def _write(graph: Graph, path: Path, options: LowerOptions) -> None:
    """In single precision."""
    import litert_torch

    from exporter.backends.tflite_file import compact
    from exporter.backends.tflite_passes import without_repetition
    from exporter.rewrites.catalogue import rewritten_module
    from exporter.tracing.lean import lean_traces

    _teach_converter()
    with lean_traces(), without_repetition():
        converter = litert_torch.Converter()
        module = rewritten_module(graph.program, BACKEND.passes(options))
        converter.signature(graph.name, module, sample_kwargs=graph.example)
        converter.convert().export(str(path))
    path.write_bytes(compact(path.read_bytes()))


def _quantised(path: Path) -> str:
    """How many operators of a file compute with integers, or have such weights, and which."""
    found = [one for one in operations(path) if one.kind not in ("QUANTIZE", "DEQUANTIZE")]
    weights = {
        one.outputs[0].name
        for one in operations(path)
        if one.kind == "DEQUANTIZE" and one.inputs[0].constant is not None
    }
    narrow = [one for one in found if any(value.dtype == "int8" or value.name in weights for value in one.inputs)]
    kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(one.kind for one in narrow).most_common())
    return f"{len(narrow)} of {len(found)} operators have integers: {kinds}"


def _delegation(path: Path) -> Delegation | None:
    """What XNNPACK takes of a file, of the release that is installed; None of a file that LiteRT does not load."""
    from ai_edge_litert.interpreter import Interpreter

    try:
        interpreter = Interpreter(str(path))
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError):
        return None
    listed = interpreter._get_ops_details()  # the file's operators, then each piece as one more
    pieces = [one for one in listed if one["op_name"] == "DELEGATE"]
    calls = list(zip((one for one in listed if one["op_name"] != "DELEGATE"), operations(path), strict=False))
    made = {index: number for number, (one, _) in enumerate(calls) for index in one["outputs"]}
    of_pieces = {index for piece in pieces for index in piece["outputs"]}
    left, wanted = set[int](), [one["index"] for one in interpreter.get_output_details()]
    wanted.extend(index for piece in pieces for index in piece["inputs"])
    while wanted:
        index = wanted.pop()
        if index in made and index not in of_pieces and made[index] not in left:
            left.add(made[index])
            wanted.extend(calls[made[index]][0]["inputs"])
    inside, outside = (
        [call for number, (_, call) in enumerate(calls) if (number in left) is out] for out in (False, True)
    )
    return delegation("xnnpack", inside, outside, len(pieces))


@cache
def _teach_converter() -> None:
    """How to lower the operators of exporter.rewrites.litert: what they are given must not be reshaped on the way."""
    import torch
    from litert_converter.mlir import ir
    from litert_converter.mlir.dialects import stablehlo
    from litert_torch.backend import lowerings

    import exporter.rewrites.litert  # noqa: F401 - defines the operators

    def as_shaped(context: Any, x: Any) -> Any:
        return stablehlo.optimization_barrier([x])

    def product(context: Any, left: Any, right: Any) -> Any:
        dimensions = stablehlo.DotDimensionNumbers.get(
            lhs_batching_dimensions=[0, 1],
            rhs_batching_dimensions=[0, 1],
            lhs_contracting_dimensions=[3],
            rhs_contracting_dimensions=[2],
        )
        shape = *left.type.shape[:3], right.type.shape[3]
        result = ir.RankedTensorType.get(shape, left.type.element_type)
        # Behind barriers a transposed operand stays one: LiteRT's GPU delegate ignores the product's flag for it.
        operands = (as_shaped(context, operand) for operand in (left, right))
        return stablehlo.dot_general(result, *operands, dimensions)

    lowerings.lower(torch.ops.vitexport.as_shaped.default)(as_shaped)
    lowerings.lower(torch.ops.vitexport.product.default)(product)


def inspect(path: Path, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> str:
    """Compare the inputs and outputs of the file's one signature with the graph's."""
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    signatures = interpreter.get_signature_list()
    if len(signatures) != 1:
        raise BackendError(f"{path.name} has {len(signatures)} signatures, and one is wanted.")
    runner = interpreter.get_signature_runner(next(iter(signatures)))
    details = [*runner.get_input_details().items(), *runner.get_output_details().items()]
    found = [(name, np.dtype(one["dtype"]).name, tuple(map(int, one["shape"]))) for name, one in details]
    return check_description(path, found, (*inputs, *outputs), {})


class LiteRTRunner:
    def __init__(self, path: Path, threads: int | None) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.runtime = f"LiteRT {metadata.version('ai-edge-litert')}"
        # Its own default is one thread, the other runtimes' every core.
        self._new_interpreter = partial(Interpreter, str(path), num_threads=threads or cores())
        self._interpreter = self._new_interpreter()
        (name,) = self._interpreter.get_signature_list()
        self._run = self._interpreter.get_signature_runner(name)

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        return dict(self._run(**inputs))

    def prepared(self, inputs: Mapping[str, NDArray[np.float32]]) -> Callable[[], object]:
        # One that has given out its signature's runner is called by that only, which copies what goes in and comes out.
        interpreter = self._new_interpreter()
        interpreter.allocate_tensors()
        for name, detail in self._run.get_input_details().items():
            interpreter.set_tensor(detail["index"], inputs[name])
        return cast(Callable[[], object], interpreter.invoke)


def load(path: Path, threads: int | None = None) -> LiteRTRunner:
    """Load a file into LiteRT, which runs on the CPU; raises LiteRT's own `ValueError` for one that it cannot read."""
    return LiteRTRunner(path, threads)


def trace(path: Path, inputs: Mapping[str, NDArray[np.float32]]) -> Iterator[Computed]:
    """Run once, by LiteRT's own kernels, and yield every operator; values are as the file has them, channels last.

    XNNPACK, which runs the artefact otherwise, shows nothing of what is inside.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    from exporter.backends.tflite_file import module_path

    interpreter = Interpreter(
        str(path),
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        num_threads=cores(),
    )
    (signature,) = interpreter.get_signature_list()
    interpreter.get_signature_runner(signature)(**inputs)
    tensors = {tensor["index"]: tensor for tensor in interpreter.get_tensor_details()}
    operations = interpreter._get_ops_details()
    made = {index for operation in operations for index in operation["outputs"]}
    for operation in operations:
        results = {str(index): interpreter.get_tensor(index) for index in operation["outputs"]}
        reads = tuple(str(index) for index in operation["inputs"] if index in made)
        name = module_path(tensors[operation["outputs"][0]]["name"])
        yield Computed(operation["op_name"], name, None, reads, results)


def operations(path: Path) -> Iterator[Operation]:
    """Yield the operators of a file, graph by graph, each with whether LiteRT has a kernel for it as `registered`."""
    import numpy as np
    from ai_edge_litert import schema_py_generated as schema

    from exporter.backends.tflite_file import module_path, read

    model = read(path.read_bytes())
    kinds = _names(schema.BuiltinOperator)
    types = {number: name.lower() for number, name in _names(schema.TensorType).items()}
    for graph in model.subgraphs:
        values = []
        for tensor in graph.tensors:
            extents = tensor.shapeSignature if tensor.shapeSignature is not None else tensor.shape
            shape = tuple(None if extent < 0 else int(extent) for extent in (() if extents is None else extents))
            dtype, data = types[tensor.type], model.buffers[tensor.buffer].data
            constant = None
            if data is not None and len(data):
                # What numpy has no type for, such as 4-bit numbers, is only known to be constant.
                elements = np.dtype(dtype) if dtype in np.sctypeDict else np.dtype(np.uint8)
                constant = np.frombuffer(bytes(data), elements)
            values.append(Value(tensor.name.decode(), shape, dtype, constant))
        for operator in graph.operators or ():
            code = model.operatorCodes[operator.opcodeIndex]
            kind = (
                code.customCode.decode()
                if code.customCode
                else kinds[max(code.builtinCode, code.deprecatedBuiltinCode)]
            )
            outputs = tuple(values[index] for index in operator.outputs)
            yield Operation(
                kind=kind,
                name=outputs[0].name if outputs else kind,
                inputs=tuple(values[index] for index in operator.inputs if index >= 0),
                outputs=outputs,
                attributes={
                    **(vars(operator.builtinOptions) if operator.builtinOptions else {}),
                    "registered": kind not in _WITHOUT_KERNEL,
                },
                module=module_path(outputs[0].name) if outputs else None,
            )


_WITHOUT_KERNEL = ("STABLEHLO_SORT",)
"""Operators that the converter writes and LiteRT has nothing registered for."""


def _names(enumeration: type) -> dict[int, str]:
    return {number: name for name, number in vars(enumeration).items() if isinstance(number, int)}


PRODUCTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
BETWEEN = (
    "ADD", "CONCATENATION", "MEAN", "MUL", "PAD", "RESHAPE", "RESIZE_BILINEAR", "SLICE", "STRIDED_SLICE", "SUB",
    "TRANSPOSE",
)  # fmt: skip
"""What XNNPACK computes with integers as well, so that they need not be converted between two products. GELU, softmax
and products of activations are slower that way, or are lost to LiteRT's own kernels, as pools of averages are: in
floating point the 14 of efficientformer_l1 leave it one piece, and in integers 15."""

FASTER_AS_FLOAT = ("GELU", "SOFTMAX", "BATCH_MATMUL")
_OTHERS = ("LOGISTIC", *FASTER_AS_FLOAT)
"""That a mixture may have"""

BACKEND = Backend(
    name="tflite",
    extension="tflite",
    precisions=("fp32", "int8", "int8-weights", "int8-dynamic", "mixed"),
    schemes={
        "mixed": Scheme((*PRODUCTS, *BETWEEN, *_OTHERS), activations="static"),
        "int8": Scheme((*PRODUCTS, *BETWEEN), activations="static"),
        "int8-weights": Scheme((*PRODUCTS, "TRANSPOSE_CONV")),
        "int8-dynamic": Scheme(
            ("FULLY_CONNECTED",), ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"), activations="dynamic"
        ),
    },
    without_ranges={"int8": "int8-dynamic", "mixed": "int8-dynamic"},
    rewrites={
        None: (
            "attention_in_tiles",
            "products_in_rank_four",
            "fold_constants",
            "constants_on_the_right",
            "elementwise_of_equal_rank",
            "pads_in_rank_four",
            "clamps_in_two_steps",
        )
    },
    toolchain=("litert-torch", "ai-edge-litert", "ai-edge-quantizer", "torch"),
    runtime="LiteRT",
    extra="tflite",
    lower=lower,
    inspect=inspect,
    load=load,
    trace=trace,
    operations=operations,
    groups=(*((kind,) for kind in PRODUCTS), BETWEEN, *((kind,) for kind in _OTHERS)),
    kinds=lambda graph, path: (one.kind for one in operations(path)),
    reorders_axes=True,
)
