"""Quantises an .onnx file by ONNX Runtime's own quantiser, with ranges that are observed here.

Activations are unsigned, unless they are to be symmetric, and weights signed: for signed activations it has no fast
kernels on x86. Weights beside activations have seven bits: where a processor lacks instructions for products of eight
(VNNI), two of them saturate.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.backends.onnx_file import operations
from exporter.backends.runner import Arrays
from exporter.errors import BackendError
from exporter.operations.last import last
from exporter.quantise.observed import observed
from exporter.quantise.scheme import Activations, Scheme

if TYPE_CHECKING:
    from numpy.typing import NDArray


def quantise(full: Path, path: Path, scheme: Scheme, calibration: Sequence[Arrays]) -> str:
    """Write a file with fewer bits, of one in single precision, and say in words what has them.

    Raises `BackendError` for a scheme that ONNX Runtime has not, or of which a rule matches nothing.
    """
    import onnx
    from onnxruntime.quantization.shape_inference import quant_pre_process

    if scheme.weights != "linear" or scheme.bits != 8:
        raise BackendError("onnx has weights in integers of eight bits only: take int8 or int8-weights.")
    scheme.refuse_activations("onnx", Activations(8, symmetric=False), Activations(8, symmetric=True))
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / full.name
        quant_pre_process(str(full), str(whole), skip_symbolic_shape=True)
        model = onnx.load(whole)
    nodes = model.graph.node
    scheme.refuse_unmatched(full.name, (node.op_type for node in nodes), (node.name for node in nodes))
    kept = {node.name for node in nodes if scheme.keeps(node.name)}
    by_weights = {node.name for node in nodes if node.op_type in scheme.by_weights} - kept
    numbers, made = set(kept), model
    if scheme.calibrated:  # rounded, what comes last would lose as much as all before it
        end = [one for one in last(list(operations(model)), _PRODUCTS) if one.kind in scheme.kinds]
        by_weights |= {one.name for one in end if one.kind in _PRODUCTS} - kept
        numbers |= {one.name for one in end}
    if scheme.activations is not None:
        tool = _static(model, scheme, numbers, calibration) if scheme.calibrated else _dynamic(model, scheme, numbers)
        tool.quantize_model()
        made = tool.model.model
    narrow = _narrowed_weights(made, [node for node in made.graph.node if node.name in _with_products(by_weights)])
    narrow |= {name for node in made.graph.node if node.op_type in _CONVERTS for name in node.output}
    if not narrow:
        kinds = ", ".join((*scheme.kinds, *scheme.weights_only))
        raise BackendError(f"Of {full.name}'s {kinds} ONNX Runtime quantises none by themselves.")
    onnx.save(made, path)
    return _words(made, narrow)


_PRODUCTS = ("Conv", "ConvTranspose", "Gemm", "MatMul")


_CONVERTS = {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"}


def _words(model: Any, narrow: set[str]) -> str:
    """How many operators take something `narrow`, which was in integers before, and which."""
    found = [node for node in model.graph.node if node.op_type not in _CONVERTS]
    kinds = Counter(node.op_type for node in found if narrow & set(node.input))
    census = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    return f"{kinds.total()} of {len(found)} operators have integers: {census}"


def _static(model: Any, scheme: Scheme, numbers: set[str], calibration: Sequence[Arrays]) -> Any:
    """ONNX Runtime's quantiser, with ranges; `numbers` are the operators that stay out of it."""
    import numpy as np
    from onnxruntime.quantization import QuantType
    from onnxruntime.quantization.calibrate import CalibrationMethod, TensorData, TensorsData
    from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

    ranges = {
        name: TensorData(lowest=np.array(low, np.float32), highest=np.array(high, np.float32))
        for name, seen in observed(_values(model, calibration)).items()
        for low, high in [scheme.reading(seen)]
    }
    return QDQQuantizer(
        model,
        per_channel=True,
        reduce_range=True,
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QInt8 if scheme.integers.symmetric else QuantType.QUInt8,
        tensors_range=TensorsData(CalibrationMethod.MinMax, ranges),
        nodes_to_quantize=[],
        nodes_to_exclude=list(numbers),
        op_types_to_quantize=list(scheme.kinds),
        extra_options={"ActivationSymmetric": scheme.integers.symmetric, "WeightSymmetric": True},
    )


def _dynamic(model: Any, scheme: Scheme, numbers: set[str]) -> Any:
    from onnxruntime.quantization import QuantType
    from onnxruntime.quantization.onnx_quantizer import ONNXQuantizer
    from onnxruntime.quantization.quant_utils import QuantizationMode
    from onnxruntime.quantization.registry import IntegerOpsRegistry

    able = {*IntegerOpsRegistry, "Gemm"}  # which the quantiser takes apart first
    if unknown := [kind for kind in scheme.kinds if kind not in able]:
        raise BackendError(f"onnx has no {' and no '.join(unknown)} of ranges found in each run: leave them out.")
    return ONNXQuantizer(
        model,
        per_channel=True,
        reduce_range=True,
        mode=QuantizationMode.IntegerOps,
        static=False,
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QUInt8,
        tensors_range=None,
        nodes_to_quantize=[],
        nodes_to_exclude=list(_with_products(numbers)),
        op_types_to_quantize=list(scheme.kinds),
        extra_options={"MatMulConstBOnly": True},
    )


def _with_products(names: Collection[str]) -> set[str]:
    """With what the quantiser for ranges of each run calls the product that it makes of a Gemm."""
    return {*names, *(f"{name}_MatMul" for name in names)}


def _narrowed_weights(model: Any, nodes: Sequence[Any]) -> set[str]:
    """Put the second inputs of nodes, where these are weights, into integers of eight bits for each output channel.

    Returns their names. They are converted back by a cast and a product, which ONNX Runtime does once, as it
    loads a file; operators for that very purpose it keeps, and does in every run.
    """
    import numpy as np
    import onnx

    weights = {one.name: one for one in model.graph.initializer}
    axes = {
        node.input[1]: _output_axis(node, len(weights[node.input[1]].dims))
        for node in nodes
        if len(node.input) > 1 and node.input[1] in weights
    }
    for name, axis in axes.items():
        values = onnx.numpy_helper.to_array(weights[name])
        most = np.abs(values).max(tuple(one for one in range(values.ndim) if one != axis), keepdims=True)
        scale = np.where(most > 0, most / 127, 1.0).astype(np.float32)
        integers = np.round(values / scale).astype(np.int8)
        model.graph.initializer.remove(weights[name])
        model.graph.initializer.extend(
            [
                onnx.numpy_helper.from_array(integers, f"{name}_integers"),
                onnx.numpy_helper.from_array(scale, f"{name}_scale"),
            ]
        )
        numbers = f"{name}_numbers"
        model.graph.node.insert(0, onnx.helper.make_node("Mul", [numbers, f"{name}_scale"], [name]))
        cast = onnx.helper.make_node("Cast", [f"{name}_integers"], [numbers], to=onnx.TensorProto.FLOAT)
        model.graph.node.insert(0, cast)
    return set(axes)


def _output_axis(node: Any, rank: int) -> int:
    """The axis of a node's weight that has its output channels."""
    transposed = any(one.name == "transB" and one.i for one in node.attribute)
    if node.op_type == "ConvTranspose":
        return 1
    return 0 if node.op_type == "Conv" or transposed else rank - 1


def _values(model: Any, calibration: Iterable[Arrays]) -> Iterator[Mapping[str, NDArray[Any]]]:
    """Of each calibration input, all that is given and computed in single precision, by name."""
    import numpy as np
    import onnx
    import onnxruntime

    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    names = [name for node in model.graph.node for name in node.output if name]
    del watched.graph.output[:]
    watched.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(watched.SerializeToString(), options, providers=["CPUExecutionProvider"])
    for inputs in calibration:
        values = {**inputs, **dict(zip(names, session.run(names, dict(inputs)), strict=True))}
        yield {name: value for name, value in values.items() if value.dtype == np.float32}
