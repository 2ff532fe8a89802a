"""Does an artefact, run from disk by a real runtime, say what PyTorch says?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from exporter.backends import Inspecting, NotExecutableError, Runner, backend, installed
from exporter.bundle import Bundle
from exporter.errors import BackendError, describe
from exporter.manifest import Artifact, Parity, Precision, TensorSpec, Tolerance, Verification

Arrays = dict[str, NDArray[np.float32]]
"""Tensor name -> values of all vectors, stacked along the first axis."""

TOLERANCES: dict[Precision, Tolerance] = {
    "fp32": Tolerance(relative=1e-4, top1=1.0),
    # Rounding the weights alone to half precision moves the logits by up to 3e-3.
    "fp16": Tolerance(relative=2e-2, top1=0.97),
}


def verify(
    format: str,
    path: Path,
    precision: Precision,
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
    given: Arrays,
    expected: Arrays,
) -> Verification:
    """Load the artefact at `path`, feed it `given` and compare what comes out with `expected`, PyTorch's outputs.

    What this machine cannot run is checked for its structure and marked "not executed".
    """
    module, tolerance = backend(format), TOLERANCES[precision]

    def unmeasured(status: Literal["failed", "not executed"], detail: str) -> Verification:
        return Verification(status=status, runtime=None, tolerance=tolerance, vectors=0, outputs={}, detail=detail)

    if not installed(module):
        return unmeasured("not executed", f"Its runtime is not installed: pip install 'vitexport[{module.EXTRA}]'.")
    try:
        runner = module.load(path)
        actual = run_all(runner, given)
    except NotExecutableError as reason:
        try:
            structure = cast(Inspecting, module).inspect(path, inputs, outputs)
        except BackendError as damage:
            return unmeasured("failed", str(damage))
        return unmeasured("not executed", f"{reason} Structure: {structure}.")
    except Exception as error:  # whatever a runtime throws: an artefact that it refuses has failed
        return unmeasured("failed", f"{path.name} does not run ({describe(error)})")
    parity = compare(expected, actual, {spec.name for spec in outputs if spec.holds_class_scores})
    failures = [
        text
        for name, output in parity.items()
        if (text := _failure(name, output, tolerance, expected[name], actual.get(name)))
    ]
    count = len(next(iter(expected.values())))
    worst = max(output.relative or 0.0 for output in parity.values())
    return Verification(
        status="failed" if failures else "passed",
        runtime=runner.runtime,
        tolerance=tolerance,
        vectors=count,
        outputs=parity,
        detail="; ".join(failures) or f"Agrees with PyTorch within {worst:.1e} on {count} inputs.",
    )


def verify_bundle(
    bundle: Bundle, progress: Callable[[str, float], None] | None = None
) -> list[tuple[Artifact, Verification]]:
    """Verify every artefact of a bundle again, from disk, on its own conformance vectors.

    Raises `BundleError` if a file is missing or altered.
    """
    bundle.check()
    checked = []
    for index, artifact in enumerate(bundle.manifest.artifacts):
        if progress is not None:
            progress(f"{artifact.format}: {artifact.graph}", index / len(bundle.manifest.artifacts))
        given, expected = bundle.vectors(artifact.graph)
        path = bundle.path / artifact.file
        verdict = verify(artifact.format, path, artifact.precision, artifact.inputs, artifact.outputs, given, expected)
        checked.append((artifact, verdict))
    return checked


def run_all(runner: Runner, inputs: Arrays) -> Arrays:
    """Run every vector, one at a time, as an app would."""
    count = len(next(iter(inputs.values())))
    results = [runner({name: values[index] for name, values in inputs.items()}) for index in range(count)]
    return {name: np.stack([result[name] for result in results]) for name in results[0]}


def compare(expected: Arrays, actual: Arrays, classes: Collection[str] = ("logits",)) -> dict[str, Parity]:
    """Parity of every expected output, those in `classes` by their best classes too.

    An output that is missing or of another shape counts as not finite.
    """
    return {name: _parity(values, actual.get(name), name in classes) for name, values in expected.items()}


def _parity(expected: NDArray[np.float32], actual: NDArray[np.float32] | None, classes: bool) -> Parity:
    count = len(expected)
    if actual is None or actual.shape != expected.shape:
        none = 0.0 if classes else None
        return Parity(max_abs=None, relative=None, top1=none, top5=none, per_vector=(None,) * count)
    flat_expected, flat_actual = expected.reshape(count, -1), actual.reshape(count, -1)
    difference = np.abs(flat_expected.astype(np.float64) - flat_actual)
    scale = np.maximum(np.abs(flat_expected), np.finfo(np.float32).tiny)  # an output of zeros has no range
    top1, top5 = _agreement(flat_expected, flat_actual) if classes else (None, None)
    return Parity(
        max_abs=_finite(difference.max()),
        relative=_finite(difference.max() / scale.max()),
        top1=top1,
        top5=top5,
        per_vector=tuple(_finite(d / s) for d, s in zip(difference.max(1), scale.max(1), strict=True)),
    )


def _agreement(expected: NDArray[np.float32], actual: NDArray[np.float32]) -> tuple[float, float]:
    """Share of rows with the same best class, and mean share of the five best that both have."""
    best, own = (np.argsort(-values, axis=1)[:, :5] for values in (expected, actual))
    shared = [len(set(a) & set(b)) / len(a) for a, b in zip(best, own, strict=True)]
    return float((best[:, 0] == own[:, 0]).mean()), float(np.mean(shared))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _failure(
    name: str,
    parity: Parity,
    tolerance: Tolerance,
    expected: NDArray[np.float32],
    actual: NDArray[np.float32] | None,
) -> str | None:
    """What is wrong with an output, or None."""
    if actual is None:
        return f"{name} is missing"
    if actual.shape != expected.shape:
        return f"{name} has shape {list(actual.shape[1:])}, and PyTorch's has {list(expected.shape[1:])}"
    if parity.relative is None or parity.max_abs is None:
        return f"{name} is not finite on {parity.per_vector.count(None)} of {len(expected)} inputs"
    if parity.relative > tolerance.relative:
        return (
            f"{name} is off by {parity.relative:.1e} of its range (max abs {parity.max_abs:.3g}), "
            f"and {tolerance.relative:.0e} is allowed"
        )
    if parity.top1 is not None and parity.top1 < tolerance.top1:
        return f"{name} has another best class on {1 - parity.top1:.0%} of the inputs"
    return None
