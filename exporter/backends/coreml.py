"""Core ML: mlprogram packages with an RGB image input. They can be written anywhere and run on Apple systems only."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.backends import Lowered, LowerOptions, NotExecutableError, rewrites_for
from exporter.errors import BackendError, describe
from exporter.manifest import Precision, TensorSpec

if TYPE_CHECKING:
    from exporter.backends import Runner
    from exporter.graphs.capture import Graph

NAME = "coreml"
EXTENSION = "mlpackage"
PRECISIONS: tuple[Precision, ...] = ("fp16", "fp32")
DELEGATES: dict[str, tuple[str, ...]] = {}
REWRITES: dict[str | None, tuple[str, ...]] = {None: ("attention_in_tiles",)}
TOOLCHAIN = ("coremltools", "torch")
RUNTIME: str | None = None
EXTRA = "coreml"

DEPLOYMENT_TARGETS = (16, 17, 18, 26)
"""iOS versions at which Core ML's operator set changed; a newer iOS runs what is built for an older one."""


def deployment_target(min_ios: int) -> str:
    """Name of the newest operator set that iOS `min_ios` has; raises `BackendError` below the oldest."""
    usable = [version for version in DEPLOYMENT_TARGETS if version <= min_ios]
    if not usable:
        raise BackendError(
            f"iOS {min_ios} is too old for the formats here: pass --min-os {DEPLOYMENT_TARGETS[0]} or newer."
        )
    return f"iOS{usable[-1]}"


def lower(graph: Graph, path: Path, options: LowerOptions) -> Lowered:
    import numpy as np
    import torch

    from exporter.rewrites.catalogue import rewritten

    ct = _coremltools()
    target = deployment_target(options.min_ios)
    # Half-precision programs would return half-precision outputs; the contract says float32.
    outputs = [ct.TensorType(name=spec.name, dtype=np.float32) for spec in graph.outputs]
    with torch.no_grad():
        program = rewritten(graph.program, rewrites_for(options, REWRITES)).run_decompositions({})
    model = ct.convert(
        program,
        inputs=[_input_type(ct, spec) for spec in graph.inputs],
        outputs=outputs,
        convert_to="mlprogram",
        minimum_deployment_target=getattr(ct.target, target),
        compute_precision=ct.precision.FLOAT16 if options.precision == "fp16" else ct.precision.FLOAT32,
        compute_units=ct.ComputeUnit.ALL,
    )
    model.save(str(path))
    return Lowered(
        operators=_census(ct.utils.load_spec(str(path))),
        min_os=target,
        compute_units="ALL",
        inputs=tuple(
            spec.model_copy(update={"dtype": "image"}) if spec.meaning == "RGB" else spec for spec in graph.inputs
        ),
    )


def _input_type(ct: Any, spec: TensorSpec) -> Any:
    import numpy as np

    if spec.meaning == "RGB":
        return ct.ImageType(name=spec.name, shape=spec.shape, color_layout=ct.colorlayout.RGB)
    return ct.TensorType(name=spec.name, shape=spec.shape, dtype=np.float32)


def load(path: Path, threads: int | None = None) -> Runner:
    raise NotExecutableError("Core ML runs on Apple systems only, and vitexport has no runner for it yet.")


def inspect(path: Path, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> str:
    """Open the package, compare its inputs and outputs with the graph's, count its operators, read every weight."""
    ct = _coremltools()
    try:
        spec = ct.utils.load_spec(str(path))
        found = {feature.name: _described(ct, feature.type) for feature in _features(spec)}
        operators = sum(_census(spec).values())
        weights, bad = _weights(spec, path)
    except Exception as error:  # coremltools reports damage in many ways
        raise BackendError(f"{path.name} cannot be read ({describe(error)}).") from error
    wanted = {
        tensor.name: ("RGB" if tensor.meaning == "RGB" else "FLOAT32", tensor.shape) for tensor in (*inputs, *outputs)
    }
    if found != wanted:
        raise BackendError(f"{path.name} has inputs and outputs {found}, and the graph has {wanted}.")
    if bad:
        raise BackendError(f"{path.name} holds weights that are not finite: {', '.join(bad)}.")
    return f"opens; inputs and outputs match; {operators} operators; {weights:,} weight values readable and finite"


def _features(spec: Any) -> list[Any]:
    return [*spec.description.input, *spec.description.output]


def _described(ct: Any, feature: Any) -> tuple[str, tuple[int, ...]]:
    """(colour space or type of element, shape)"""
    if feature.WhichOneof("Type") == "imageType":
        image = feature.imageType
        return image.ColorSpace.Name(image.colorSpace), (1, 3, image.height, image.width)
    array = feature.multiArrayType
    return ct.proto.FeatureTypes_pb2.ArrayFeatureType.ArrayDataType.Name(array.dataType), tuple(array.shape)


def _operations(spec: Any) -> Iterator[Any]:
    for function in spec.mlProgram.functions.values():
        for block in function.block_specializations.values():
            yield from block.operations


def _census(spec: Any) -> dict[str, int]:
    counts = Counter(op.type for op in _operations(spec) if op.type != "const")
    return dict(sorted(counts.items()))


def _weights(spec: Any, path: Path) -> tuple[int, list[str]]:
    """Number of values in all floating-point constants, and the names of those that are not finite."""
    import numpy as np
    from coremltools.converters.mil.frontend.milproto.load import load as load_program

    program = load_program(spec, spec.specificationVersion, str(path / "Data/com.apple.CoreML/weights"))
    total, bad = 0, []
    for op in program.functions["main"].operations:
        value = op.outputs[0].val if op.op_type == "const" else None
        if isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.floating):
            total += value.size
            if not np.isfinite(value).all():
                bad.append(op.name)
    return total, bad


def _coremltools() -> Any:
    """coremltools, without its remarks about libraries that conversion does not use."""
    with _quiet("coremltools"):
        import coremltools
    return coremltools


@contextmanager
def _quiet(logger: str) -> Iterator[None]:
    log = logging.getLogger(logger)
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)
