"""Fewer bits for a Core ML package in half precision, by coremltools' own passes.

Its calibration predicts, which needs an Apple system: ranges of activations are observed in our interpreter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.backends.coreml_passes import without_checks
from exporter.backends.runner import Arrays
from exporter.errors import BackendError
from exporter.quantise.observed import observed
from exporter.quantise.scheme import Activations, Scheme
from exporter.toolchain_noise import quiet
from exporter.tracing.replaced import replaced

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from exporter.mil import Program

LEAST = 2048
"""Only weights of more numbers get fewer bits, as coremltools has it: what says how they are kept takes bytes too."""
FINER_SHARE = 0.1
"""Of all weights, the share in the smallest tensors, whose palettes are longer: bits are best spent where they are
fewest. Of four bits that gained 2.7 dB for 1 % of fp16's bytes (efficientformerv2_s0, seeded). Palettes of groups of
channels gained less for more, and need iOS 18."""
FINER = {1: 2, 2: 4, 4: 6, 6: 8}
"""Bits of a palette -> of the longer one"""
LOST = 1e-3
"""Of the squares of a weight, the share that may become zero, which is noise at -30 dB. A fixed share of zeros costs
more of a weight that was not trained to have them, and leaves some of one that was."""
MASK = 1 / 16
"""What says where a sparse weight is not zero, as a share of its bytes in half precision: fewer zeros save nothing"""
REACH = 2.0**-16, 32000.0
"""Bounds of what a range reaches to: coremltools computes the step in half precision, where it is neither zero nor
infinite"""
SUMMANDS = 1 / 256
"""Least share of one summand's range that the other's is taken to be: coremltools has sums in steps of one of them, and
in half precision those of a much larger one are infinite"""


def compress(full: Path, path: Path, scheme: Scheme, calibration: Sequence[Arrays]) -> str:
    """Write the package `full` with fewer bits, and return in words what has them; `path` may be the same.

    Each of the calibration inputs is {input: [1, …]}. Raises `BackendError` for a scheme that Core ML does not have,
    that needs a newer iOS than the package is for, or of which a rule matches nothing.
    """
    from exporter import mil

    if scheme.weights_only:
        raise BackendError("coreml has no operators of which the weights alone get fewer bits beside others: take w8.")
    scheme.refuse_activations("coreml", Activations(8, symmetric=True))
    program = mil.load(full)
    kinds = {operation.results[0].name: operation.kind for operation in program.operations}
    scheme.refuse_unmatched(full.name, kinds.values(), kinds)
    with quiet("coremltools"), without_checks(), _without_progress_bars():
        import coremltools as ct

        model = ct.models.MLModel(str(full), skip_model_load=True)
        names = _names(model)
        kept = {names[result] for result, kind in kinds.items() if _stays(scheme, result, kind)}
        if scheme.activations is not None:
            _refuse_activations(scheme, model.get_spec().specificationVersion, calibration)
            whole = kept | {names[result] for result in _given_and_read(program) if result in names}
            model = _with_integer_activations(model, _ranges(program, scheme, calibration), whole)
        weights = _weights(model, kept)
        model = _with_fewer_bits(model, weights, scheme)
        model.save(str(path))
        operators = [op.op_type for op in model._mil_program.functions["main"].operations]
    return _in_words(operators, len(weights), scheme)


def _stays(scheme: Scheme, name: str, kind: str) -> bool:
    return scheme.keeps(name) or bool(scheme.kinds and kind not in scheme.kinds)


def _names(model: Any) -> dict[str, str]:
    """First result of each operator -> what coremltools calls the operator, which differs where a graph gives it."""
    (function,) = model.get_spec().mlProgram.functions.values()
    return {
        operator.outputs[0].name: operator.attributes["name"].immediateValue.tensor.strings.values[0]
        for operator in function.block_specializations[function.opset].operations
    }


def _given_and_read(program: Program) -> Iterator[str]:
    """What a graph gives and also reads, and what that is made of: to round it for its readers, coremltools 9 fails."""
    read = {name for operation in program.operations for name in operation.reads}
    shared = read & {output.name for output in program.outputs}
    for operation in program.operations:
        if operation.results[0].name in shared:
            yield operation.results[0].name
            yield from operation.reads


def _refuse_activations(scheme: Scheme, version: int, calibration: Sequence[Arrays]) -> None:
    import coremltools as ct

    if not scheme.calibrated:
        raise BackendError("coreml takes no ranges of each run: take w8a8, whose ranges are calibrated.")
    if version < ct.target.iOS17.value:
        raise BackendError("w8a8 needs operators that are new in iOS 17: pass --min-os 17 or newer, or take w8.")
    if not calibration:
        raise BackendError("w8a8 reads the ranges of activations off calibration inputs, and there are none.")


def _weights(model: Any, kept: set[str]) -> dict[str, NDArray[np.floating[Any]]]:
    """Constant -> its numbers, of those that get fewer bits."""
    import coremltools.optimize.coreml as cto

    return {
        name: found.val
        for name, found in cto.get_weights_metadata(model, weight_threshold=LEAST + 1).items()
        if found.val.dtype.kind == "f" and found.val.ndim > 1
        if found.child_ops and not any(reader.name in kept for reader in found.child_ops)
    }


def _with_fewer_bits(model: Any, weights: Mapping[str, NDArray[np.floating[Any]]], scheme: Scheme) -> Any:
    import coremltools.optimize.coreml as cto
    import numpy as np

    if scheme.weights == "palette":
        # By its own scales of channels coremltools 9 takes the wrong axis, and spoils weights that it passes over.
        palettes = {
            name: cto.OpPalettizerConfig(mode="kmeans", nbits=bits, granularity="per_tensor")
            for name, bits in _bits_of_palettes(weights, scheme.bits).items()
        }
        return cto.palettize_weights(model, cto.OptimizationConfig(op_name_configs=palettes))
    if scheme.weights == "sparse":
        shares = {name: _share_of_zeros(weight) for name, weight in weights.items()}
        sparse = {
            name: cto.OpMagnitudePrunerConfig(target_sparsity=share) for name, share in shares.items() if share > MASK
        }
        return cto.prune_weights(model, cto.OptimizationConfig(op_name_configs=sparse))
    how = cto.OpLinearQuantizerConfig(mode="linear_symmetric", dtype=f"int{scheme.bits}", granularity="per_channel")
    integers = cto.OptimizationConfig(op_name_configs=dict.fromkeys(weights, how))
    with np.errstate(divide="ignore", invalid="ignore"):  # a channel of zeros alone, which stays what it is
        return cto.linear_quantize_weights(model, integers)


def _bits_of_palettes(weights: Mapping[str, NDArray[np.floating[Any]]], bits: int) -> dict[str, int]:
    """Weight -> bits of its palette."""
    left = FINER_SHARE * sum(weight.size for weight in weights.values())
    found = {}
    for name, weight in sorted(weights.items(), key=lambda one: one[1].size):
        left -= weight.size
        found[name] = FINER.get(bits, bits) if left >= 0 else bits
    return found


def _share_of_zeros(weight: NDArray[np.floating[Any]]) -> float:
    """The share of its numbers that hold `LOST` of the squares, the smallest first."""
    import numpy as np

    held = np.sort(np.square(weight, dtype=np.float64), axis=None).cumsum()
    return float(np.searchsorted(held, LOST * held[-1]) / weight.size)


def _ranges(program: Program, scheme: Scheme, calibration: Sequence[Arrays]) -> dict[str, dict[str, float]]:
    """Value -> its range, symmetric, as coremltools takes it."""
    from coremltools.optimize.coreml.experimental import _post_training_quantization as calibrated

    least, most = REACH
    found = {}
    for name, seen in observed(_values(program, calibration)).items():
        reach = min(max(*map(abs, scheme.reading(seen)), least), most)
        found[name] = {"rmin": -reach, "rmax": reach}
    for one in program.operations:
        if one.kind in ("add", "sub"):
            summands = [name for name in one.reads if name in found]
            narrowest = SUMMANDS * max((found[name]["rmax"] for name in summands), default=0)
            for name in summands:
                reach = max(found[name]["rmax"], narrowest)
                found[name] = {"rmin": -reach, "rmax": reach}
    joined = [
        [name for name in (*one.reads, one.results[0].name) if name in found]
        for one in program.operations
        if one.kind == "concat" and one.results[0].name in found
    ]
    calibrated._adjust_concat_surrounding_activation_stats(joined, found)
    return found


def _values(program: Program, calibration: Sequence[Arrays]) -> Iterator[dict[str, NDArray[Any]]]:
    """Of each calibration input, all that is given and computed, in single precision, by name."""
    from exporter import mil

    for given in calibration:
        values: dict[str, NDArray[Any]] = dict(given)
        for operation, results in mil.steps(program, given, "fp32"):
            for declared, result in zip(operation.results, results, strict=True):
                if result.is_floating_point():
                    values[declared.name] = result.numpy()
        yield values


def _with_integer_activations(model: Any, ranges: Mapping[str, Mapping[str, float]], kept: set[str]) -> Any:
    import coremltools.optimize.coreml as cto

    how = cto.OpLinearQuantizerConfig(mode="linear_symmetric")
    config = cto.OptimizationConfig(how, op_name_configs=dict.fromkeys(kept))
    with replaced(
        "coremltools.optimize.coreml._post_training_quantization:_get_activation_calibration_stats",
        lambda _: lambda *_: ranges,
    ):
        return cto.linear_quantize_activations(model, config, [])


@contextmanager
def _without_progress_bars() -> Iterator[None]:
    with (
        replaced("coremltools.optimize.coreml._post_training_quantization:tqdm", _hidden),
        replaced("coremltools.optimize.coreml._quantization_passes:tqdm", _hidden),
        replaced("coremltools.converters.mil.mil.passes.pass_pipeline:tqdm", _hidden),
    ):
        yield


def _hidden(bar: Callable[..., Any]) -> Callable[..., Any]:
    return partial(bar, disable=True)


_KEPT_AS = {"linear": "integers of {bits} bits", "palette": "picked from palettes", "sparse": "without the smallest"}


def _in_words(operators: Sequence[str], weights: int, scheme: Scheme) -> str:
    compressed = sum(kind.startswith("constexpr_") for kind in operators)
    words = f"{compressed} of {weights} weights are {_KEPT_AS[scheme.weights].format(bits=scheme.bits)}"
    quantized = operators.count("quantize")
    return f"{words}; {quantized} values are rounded to integers of 8 bits" if quantized else words
