"""Core ML: mlprogram packages with an RGB image input. Written anywhere, and run here by our own interpreter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.backends.coreml_compression import compress
from exporter.backends.description import check_description
from exporter.backends.interface import Backend, Computed, Lowered, LowerOptions
from exporter.errors import BackendError, describe
from exporter.manifest import TensorSpec
from exporter.operations.operation import Operation, Value
from exporter.quantise.observed import percentile
from exporter.quantise.scheme import Integers, Scheme
from exporter.toolchain_noise import quiet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from exporter.graphs.capture import Graph


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
    """Write the graph as an mlprogram package, whose picture [1, 3, S, S] is an image to apps.

    All else is half precision but in fp32, unless `options.edges` says otherwise: also what a scheme leaves. Raises
    `BackendError` where the oldest iOS is older than any operator set here, and for a scheme that cannot be had.
    """
    ct = _coremltools()
    target = deployment_target(options.min_ios)
    scheme, quantised = BACKEND.scheme(options), ""
    half = scheme is not None or options.precision == "fp16"
    # Surfaces hold half precision alone, and they are what an app shares with the Neural Engine without a copy.
    numbers = options.edges or ("float16" if half else "float32")
    inputs, outputs = (
        tuple(spec.model_copy(update={"dtype": "image" if spec.kind == "image" else numbers}) for spec in specs)
        for specs in (graph.inputs, graph.outputs)
    )
    if scheme is None or options.full is None:
        _write(graph, path, options, inputs, outputs, half)
    if scheme is not None:
        quantised = compress(options.full or path, path, scheme, options.calibration)
    return Lowered(
        operators=_census(ct.utils.load_spec(str(path))),
        min_os=target,
        compute_units=("cpu", "gpu", "npu"),
        inputs=inputs,
        outputs=outputs,
        quantised=quantised,
    )


def _write(
    graph: Graph,
    path: Path,
    options: LowerOptions,
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
    half: bool,
) -> None:
    """With weights as they are, in half precision or in single."""
    import torch

    from exporter.backends.coreml_passes import without_checks
    from exporter.rewrites.catalogue import rewritten
    from exporter.tracing.lean import lean_traces

    ct = _coremltools()
    with lean_traces(), without_checks():
        with torch.no_grad():
            program = rewritten(graph.program, BACKEND.passes(options)).run_decompositions({})
        model = ct.convert(
            program,
            inputs=[_input_type(ct, spec) for spec in inputs],
            outputs=[ct.TensorType(name=spec.name, dtype=_element(spec)) for spec in outputs],
            convert_to="mlprogram",
            minimum_deployment_target=getattr(ct.target, deployment_target(options.min_ios)),
            compute_precision=ct.precision.FLOAT16 if half else ct.precision.FLOAT32,
            compute_units=ct.ComputeUnit.ALL,
        )
    model.save(str(path))


def _input_type(ct: Any, spec: TensorSpec) -> Any:
    if spec.dtype == "image":
        return ct.ImageType(name=spec.name, shape=spec.shape, color_layout=ct.colorlayout.RGB)
    return ct.TensorType(name=spec.name, shape=spec.shape, dtype=_element(spec))


def _element(spec: TensorSpec) -> Any:
    import numpy as np

    return np.dtype(spec.dtype).type


class MilRunner:
    """exporter.mil, in the arithmetic that a program declares: Apple's own runtime is for Apple systems only."""

    def __init__(self, path: Path, threads: int | None) -> None:
        from exporter import mil

        self._program, self._threads = mil.load(path), threads
        precision = "half" if self._program.half else "single"
        self.runtime = f"MIL interpreter {metadata.version('vitexport')} in {precision} precision"

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        import torch

        from exporter import mil

        before = torch.get_num_threads()
        torch.set_num_threads(self._threads or before)
        try:
            outputs = mil.run(self._program, inputs)
        finally:
            torch.set_num_threads(before)
        return {name: _in_single_precision(value) for name, value in outputs.items()}


def _in_single_precision(value: NDArray[Any]) -> NDArray[Any]:
    """What is of half precision; a label is what it is."""
    return value.astype("float32") if value.dtype == "float16" else value


def load(path: Path, threads: int | None = None) -> MilRunner:
    """Load a package into our interpreter; raises `BackendError` for a damaged one or an unknown operator."""
    return MilRunner(path, threads)


def trace(path: Path, inputs: Mapping[str, NDArray[np.float32]]) -> Iterator[Computed]:
    """Run once in single precision, whatever the package declares, and yield every operation that is no constant."""
    from exporter import mil

    program = mil.load(path)
    for operation, results in mil.steps(program, inputs, "fp32"):
        names = [result.name for result in operation.results]
        reads = tuple(name for name in operation.reads if name not in program.constants)
        values = {name: value.numpy() for name, value in zip(names, results, strict=True)}
        # The converter keeps names, and marks what it has cast.
        yield Computed(operation.kind, names[0], names[0].removesuffix("_cast_fp16"), reads, values)


def operations(path: Path) -> Iterator[Operation]:
    """Yield the operators of a package, each with the first iOS that has it as `since`."""
    from exporter import mil

    program = mil.load(path)
    values = {
        value.name: Value(value.name, value.shape, _DTYPES.get(value.type, value.type)) for value in program.inputs
    }
    attributes: dict[str, Any] = {}
    for name, constant in program.constants.items():
        if isinstance(constant, str | tuple):
            attributes[name] = constant
        else:
            array = constant.numpy()
            values[name] = Value(name, array.shape, array.dtype.name, array)
            attributes[name] = array.item() if array.ndim == 0 else array.tolist() if array.ndim == 1 else None
    for operation in program.operations:
        outputs = tuple(Value(one.name, one.shape, _DTYPES.get(one.type, one.type)) for one in operation.results)
        values |= {value.name: value for value in outputs}
        yield Operation(
            kind=operation.kind,
            name=operation.results[0].name,
            inputs=tuple(values[name] for name in operation.reads if name in values),
            outputs=outputs,
            named={
                parameter: values[given]
                for parameter, given in operation.parameters.items()
                if isinstance(given, str) and given in values
            },
            attributes={
                parameter: attributes[given]
                for parameter, given in operation.parameters.items()
                if isinstance(given, str) and attributes.get(given) is not None
            }
            | {"since": _since(operation.kind)},
        )


def _since(kind: str) -> int:
    """The first iOS that has an operator."""
    with quiet("coremltools"):
        from coremltools.converters.mil.mil.ops.registry import SSAOpRegistry
    return min((int(target.name.removeprefix("iOS")) for target in SSAOpRegistry.core_ops.get(kind, ())), default=0)


_DTYPES = {"fp16": "float16", "fp32": "float32"}
"""What MIL calls numpy's types otherwise"""


def precision_loss(path: Path, inputs: Mapping[str, NDArray[np.float32]], share: float) -> str | None:
    """Run once in the precision that the package declares; see `Backend.precision_loss`."""
    from exporter import mil

    loss = mil.first_precision_loss(mil.load(path), inputs, share, "declared")
    return None if loss is None else str(loss)


def inspect(path: Path, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> str:
    """Compare the inputs and outputs that a package describes to apps with the graph's."""
    from exporter.mil import package

    ct = _coremltools()
    specification = package.find(path).specification  # of the package itself coremltools would write the manifest anew
    try:
        spec = ct.utils.load_spec(str(specification))
        found = [(feature.name, *_described(ct, feature.type)) for feature in _features(spec)]
    except Exception as error:  # coremltools reports damage in many ways
        raise BackendError(f"{path.name} cannot be read ({describe(error)}).") from error
    words = {"float32": "FLOAT32", "float16": "FLOAT16", "image": "RGB"}
    return check_description(path, found, (*inputs, *outputs), words)


def _features(spec: Any) -> list[Any]:
    return [*spec.description.input, *spec.description.output]


def _described(ct: Any, feature: Any) -> tuple[str, tuple[int, ...]]:
    """Return the colour space of an image, or the type of an array's elements, and the shape."""
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


def _coremltools() -> Any:
    """coremltools, without its remarks about libraries that conversion does not use."""
    with quiet("coremltools"):
        import coremltools
    return coremltools


_SYMMETRIC = Integers(("aten.conv2d.default", "aten.linear.default", "aten.add.Tensor"), symmetric=True)

BACKEND = Backend(
    name="coreml",
    extension="mlpackage",
    precisions=("fp16", "fp32", "w8", "w8a8", "palette6", "palette4", "sparse"),
    schemes={
        "w8": Scheme(),
        # To leave out a ten-thousandth of the values at either end gained 1–2 dB.
        "w8a8": Scheme(activations="static", reading=percentile(1e-4), integers=_SYMMETRIC),
        "palette6": Scheme(weights="palette", bits=6),
        "palette4": Scheme(weights="palette", bits=4),
        "sparse": Scheme(weights="sparse", bits=16),
    },
    without_ranges={"w8a8": "w8"},
    since={"w8a8": 17},
    rewrites={None: ("attention_in_tiles",)},
    toolchain=("coremltools", "torch"),
    runtime="the MIL interpreter",
    extra="coreml",
    optional_imports=("executorch", "sklearn", "torchao", "transformers"),
    interpreted=True,
    lower=lower,
    inspect=inspect,
    load=load,
    trace=trace,
    operations=operations,
    precision_loss=precision_loss,
)
