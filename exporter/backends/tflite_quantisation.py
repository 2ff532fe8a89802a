"""Quantises a .tflite file by ai-edge-quantizer, with ranges that are observed here.

Its own calibration is a moving average that begins at the first input, which cost 20 dB. Its recipes for whole files
are not used: a static one makes integers of what an app gives and gets, and splits what XNNPACK takes at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device_profiles.host import cores
from exporter.backends.runner import Arrays
from exporter.errors import BackendError
from exporter.operations.last import last
from exporter.operations.normalisation import NormKinds, normalisations
from exporter.quantise.observed import observed
from exporter.quantise.scheme import Activations, Scheme
from exporter.toolchain_noise import quiet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from exporter.operations.operation import Operation


def quantise(
    full: Path, path: Path, scheme: Scheme, calibration: Sequence[Arrays], operations: Sequence[Operation]
) -> None:
    """Write a file with fewer bits, of one in single precision and the `operations` that this has.

    Raises `BackendError` for a scheme that LiteRT has not, or of which a rule matches nothing.
    """
    with quiet("ai_edge_quantizer"):
        from ai_edge_quantizer import qtyping, quantizer

    from exporter.backends.tflite_file import compact

    if scheme.weights != "linear":
        raise BackendError("tflite has no palettes and no sparse weights: take int8 or int8-weights.")
    scheme.refuse_activations("tflite", Activations(8, symmetric=False), Activations(16, symmetric=True))
    scheme.refuse_unmatched(full.name, (one.kind for one in operations), (one.name for one in operations))
    there = {one.kind for one in operations}
    whole, tool = quantizer.Quantizer(str(full)), qtyping.TFLOperationName
    unchanged = quantizer.AlgorithmName.NO_QUANTIZE
    names = f"^(?!.*({'|'.join(scheme.kept)})).*$" if scheme.kept else ".*"
    for kind in (*scheme.kinds, *scheme.weights_only):
        if kind not in there:
            continue  # a rule of the quantiser that matches nothing says nothing
        called = tool(_CALLED.get(kind, kind))
        if kind in scheme.by_weights:
            whole.add_weight_only_config(names, called, num_bits=scheme.bits)
        elif scheme.calibrated:
            whole.add_static_config(
                names, called, activation_num_bits=scheme.integers.activation_bits, weight_num_bits=scheme.bits
            )
        else:
            whole.add_dynamic_config(names, called, num_bits=scheme.bits)
    if scheme.calibrated:
        # Rounded, what comes last would lose as much as all before it: a last product has integers for weights alone.
        for one in (*last(operations, _WITH_WEIGHTS), *normalisations(operations, _NORMS)):
            if one.kind not in scheme.kinds or scheme.keeps(one.name):
                continue
            name = f"^{re.escape(';'.join(value.name for value in one.outputs))};?$"
            if one.kind in _WITH_WEIGHTS:
                whole.add_weight_only_config(name, tool(one.kind), num_bits=scheme.bits)
            else:
                whole.update_quantization_recipe(name, tool(one.kind), algorithm_key=unchanged)
    for edge in (tool.INPUT, tool.OUTPUT):
        whole.update_quantization_recipe(".*", edge, algorithm_key=unchanged)
    ranges = _ranges(full, scheme, calibration, operations) if scheme.calibrated else None
    made = whole.quantize(ranges).quantized_model
    assert made is not None, "a recipe with rules quantises"
    path.write_bytes(compact(bytes(made)))


_CALLED = {"TRANSPOSE_CONV": "CONV_2D_TRANSPOSE"}
"""Operators that ai-edge-quantizer has other names for"""
_WITH_WEIGHTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
_NORMS = NormKinds(
    "RSQRT", ("SQUARED_DIFFERENCE", "SUB"), ("ADD", "MUL", "SUB"), ("BROADCAST_TO", "RESHAPE", "TRANSPOSE")
)


def _ranges(
    full: Path, scheme: Scheme, calibration: Sequence[Arrays], operations: Sequence[Operation]
) -> dict[str, dict[str, NDArray[Any]]]:
    """Tensor -> its range, as ai-edge-quantizer takes it: with as many axes as the tensor has."""
    import numpy as np

    ranks = {value.name: value.rank for one in operations for value in (*one.inputs, *one.outputs)}
    ranges = {}
    for name, seen in observed(_values(full, calibration)).items():
        shape, (low, high) = [1] * ranks.get(name, 1), scheme.reading(seen)
        ranges[name] = {"min": np.full(shape, low, np.float32), "max": np.full(shape, high, np.float32)}
    return ranges


def _values(full: Path, calibration: Iterable[Arrays]) -> Iterator[Mapping[str, NDArray[Any]]]:
    """Of each calibration input, all that is given and computed in single precision, by name of the tensor."""
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        str(full),
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        num_threads=cores(),
    )
    (signature,) = interpreter.get_signature_list()
    run = interpreter.get_signature_runner(signature)
    made = {index for operation in interpreter._get_ops_details() for index in operation["outputs"]}
    made |= {one["index"] for one in run.get_input_details().values()}
    tensors = [one for one in interpreter.get_tensor_details() if one["index"] in made and one["dtype"] is np.float32]
    for inputs in calibration:
        run(**inputs)
        yield {one["name"]: interpreter.get_tensor(one["index"]) for one in tensors}
