"""Does an artefact, run from disk by a real runtime, say what PyTorch says?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from exporter.backends import Inspecting, NotExecutableError, Runner, backend, installed
from exporter.bundle import Bundle
from exporter.errors import BackendError, describe
from exporter.manifest import Artifact, Parity, Precision, TensorSpec, Tolerance, Verification

Progress = Callable[[int, int], None]
"""Called before each input as (inputs done, inputs in all)."""

Arrays = dict[str, NDArray[np.float32]]
"""Tensor name -> values of all vectors, stacked along the first axis."""

TOLERANCES: dict[Precision, Tolerance] = {
    "fp32": Tolerance(relative=1e-4, psnr=None, top1=1.0, mask_iou=0.999),
    # Rounding the weights alone to half precision moves the logits by up to 3e-3. A prompted frame is remembered by the
    # sign of each mask pixel: one that flips moves a few elements of the memory by a tenth of its range.
    "fp16": Tolerance(relative=2e-2, psnr=40.0, top1=0.97, mask_iou=0.98),
}


def verify(
    format: str,
    path: Path,
    precision: Precision,
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
    given: Arrays,
    expected: Arrays,
    progress: Progress | None = None,
) -> Verification:
    """Load the artefact at `path`, feed it `given` and compare what comes out with `expected`, PyTorch's outputs.

    A package's description of itself is checked besides. What this machine cannot run is marked "not executed"; a
    runtime so slow that its backend puts it in a time box may leave inputs out, and the verification says how many.
    """
    module, tolerance = backend(format), TOLERANCES[precision]

    def unmeasured(status: Literal["failed", "not executed"], detail: str) -> Verification:
        return Verification(status=status, runtime=None, tolerance=tolerance, vectors=0, outputs={}, detail=detail)

    if not installed(module):
        return unmeasured("not executed", f"Its runtime is not installed: pip install 'vitexport[{module.EXTRA}]'.")
    structure = ""
    try:
        if hasattr(module, "inspect"):
            structure = cast(Inspecting, module).inspect(path, inputs, outputs)
        runner = module.load(path)
        actual = run_all(runner, given, module.SECONDS, progress)
    except NotExecutableError as reason:
        return unmeasured("not executed", f"{reason} Structure: {structure}.")
    except BackendError as damage:
        return unmeasured("failed", str(damage))
    except Exception as error:  # whatever a runtime throws: an artefact that it refuses has failed
        return unmeasured("failed", f"{path.name} does not run ({describe(error)})")
    return judge(expected, actual, outputs, tolerance, runner.runtime, module.SECONDS)


def judge(
    expected: Arrays,
    actual: Arrays,
    outputs: Sequence[TensorSpec],
    tolerance: Tolerance,
    runtime: str,
    seconds: float | None = None,
    reference: str = "PyTorch",
) -> Verification:
    """Compare what came out of a run with what `reference` says, on as many inputs as were run.

    Where those are not all, `seconds` was the time for them.
    """
    count = len(next(iter(expected.values())))
    ran = len(next(iter(actual.values()))) if actual else count
    expected = {name: values[:ran] for name, values in expected.items()}
    classes = {spec.name for spec in outputs if spec.holds_class_scores}
    parity = compare(expected, actual, classes, {spec.name for spec in outputs if spec.holds_mask})
    by_psnr = tuple(spec.name for spec in outputs if spec.holds_memory and few_are_off(parity[spec.name], tolerance))
    failures = [
        text
        for name, output in parity.items()
        if name not in by_psnr
        and (text := _failure(name, output, tolerance, expected[name], actual.get(name), reference))
    ]
    return Verification(
        status="failed" if failures else "passed",
        runtime=runtime,
        tolerance=tolerance,
        vectors=ran,
        left_out=count - ran,
        outputs=parity,
        by_psnr=by_psnr,
        detail="; ".join(failures) or _agreement_within(parity, by_psnr, count, seconds, reference),
    )


def _agreement_within(
    parity: Mapping[str, Parity], by_psnr: Collection[str], count: int, seconds: float | None, reference: str
) -> str:
    """How far outputs that passed are off, and the PSNR of those that passed by it; of how many of `count` inputs."""
    ran = len(next(iter(parity.values())).per_vector)
    inputs = f"{count} inputs" if ran == count else f"{ran} of {count} inputs; then its {seconds:.0f} s were up"
    within = max((one.relative or 0.0 for name, one in parity.items() if name not in by_psnr), default=0.0)
    but = [f"{name} with a PSNR of {parity[name].psnr:.0f} dB" for name in by_psnr]
    return ", ".join([f"Agrees with {reference} within {within:.1e} on {inputs}", *but]) + "."


def few_are_off(parity: Parity, tolerance: Tolerance) -> bool:
    """Whether the worst element is further off than allowed, and the PSNR good enough to accept it."""
    if parity.relative is None or parity.relative <= tolerance.relative:
        return False
    return parity.psnr is not None and tolerance.psnr is not None and parity.psnr >= tolerance.psnr


def verify_bundle(
    bundle: Bundle, progress: Callable[[str, float], None] | None = None
) -> list[tuple[Artifact, Verification]]:
    """Verify every artefact of a bundle again, from disk, on its own conformance vectors.

    Raises `BundleError` if a file is missing or altered.
    """
    bundle.check()
    checked: list[tuple[Artifact, Verification]] = []
    artifacts, step = bundle.manifest.artifacts, progress or (lambda what, share: None)

    def verifying(done: int, count: int) -> None:
        current = artifacts[len(checked)]
        share = (len(checked) + done / count) / len(artifacts)
        step(f"{current.format}: {current.graph}, {done + 1} of {count}", share)

    for artifact in artifacts:
        given, expected = bundle.vectors(artifact.graph)
        path = bundle.path / artifact.file
        verdict = verify(
            artifact.format,
            path,
            artifact.precision,
            artifact.inputs,
            artifact.outputs,
            given,
            expected,
            verifying,
        )
        checked.append((artifact, verdict))
    return checked


def run_all(runner: Runner, inputs: Arrays, seconds: float | None = None, progress: Progress | None = None) -> Arrays:
    """Run the vectors one at a time, as an app would: all of them, or as many as can be begun within `seconds`.

    The first is always run.
    """
    begun, count = monotonic(), len(next(iter(inputs.values())))
    results: list[Arrays] = []
    while len(results) < count and not (results and seconds is not None and monotonic() - begun > seconds):
        if progress is not None:
            progress(len(results), count)
        results.append(runner({name: values[len(results)] for name, values in inputs.items()}))
    return {name: np.stack([result[name] for result in results]) for name in results[0]}


def compare(
    expected: Arrays,
    actual: Arrays,
    classes: Collection[str] = ("logits",),
    masks: Collection[str] = ("mask_logits",),
) -> dict[str, Parity]:
    """Parity of every expected output, of those in `classes` and `masks` by the task's metric too.

    An output that is missing or of another shape counts as not finite.
    """
    return {
        name: _parity(values, actual.get(name), name in classes, name in masks) for name, values in expected.items()
    }


def _parity(expected: NDArray[np.float32], actual: NDArray[np.float32] | None, classes: bool, masks: bool) -> Parity:
    if actual is None or actual.shape != expected.shape:
        actual = np.full_like(expected, np.nan)
    count = len(expected)
    flat_expected, flat_actual = expected.reshape(count, -1), actual.reshape(count, -1)
    difference = np.abs(flat_expected.astype(np.float64) - flat_actual)
    scale = np.maximum(np.abs(flat_expected), np.finfo(np.float32).tiny)  # an output of zeros has no range
    with np.errstate(divide="ignore"):  # equal outputs have no noise, and so no ratio to it
        psnr = 20 * np.log10(scale.max() / np.sqrt(np.square(difference).mean()))
    top1, top5 = _agreement(flat_expected, flat_actual) if classes else (None, None)
    return Parity(
        max_abs=_finite(difference.max()),
        relative=_finite(difference.max() / scale.max()),
        psnr=_finite(psnr),
        top1=top1,
        top5=top5,
        mask_iou=min(map(_mask_agreement, flat_expected, flat_actual)) if masks else None,
        per_vector=tuple(_finite(d / s) for d, s in zip(difference.max(1), scale.max(1), strict=True)),
    )


def _agreement(expected: NDArray[np.float32], actual: NDArray[np.float32]) -> tuple[float, float]:
    """Share of rows with the same best class, and mean share of the five best that both have.

    A row that is not finite has no best class; of equal scores, which half precision makes, the first is the better.
    """
    best, own = (np.argsort(-values, axis=1, kind="stable")[:, :5] for values in (expected, actual))
    finite = np.isfinite(actual).all(1)
    shared = np.array([len(set(a) & set(b)) / len(a) for a, b in zip(best, own, strict=True)])
    return float(((best[:, 0] == own[:, 0]) & finite).mean()), float((shared * finite).mean())


def _mask_agreement(expected: NDArray[np.float32], actual: NDArray[np.float32]) -> float:
    """IoU of the masks that two sets of logits stand for; logits that are not finite stand for none."""
    return mask_iou(expected > 0, actual > 0) if np.isfinite(actual).all() else 0.0


def mask_iou(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Intersection over union of two masks; of two empty ones 1."""
    union = int((a | b).sum())
    return int((a & b).sum()) / union if union else 1.0


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _failure(
    name: str,
    parity: Parity,
    tolerance: Tolerance,
    expected: NDArray[np.float32],
    actual: NDArray[np.float32] | None,
    reference: str,
) -> str | None:
    """What is wrong with an output, or None."""
    if actual is None:
        return f"{name} is missing"
    if actual.shape != expected.shape:
        return f"{name} has shape {list(actual.shape[1:])}, and {reference}'s has {list(expected.shape[1:])}"
    if parity.relative is None or parity.max_abs is None:
        return f"{name} is not finite on {parity.per_vector.count(None)} of {len(expected)} inputs"
    if parity.relative > tolerance.relative:
        return (
            f"{name} is off by {parity.relative:.1e} of its range (max abs {parity.max_abs:.3g}), "
            f"and {tolerance.relative:.0e} is allowed"
        )
    if parity.top1 is not None and parity.top1 < tolerance.top1:
        return f"{name} has another best class on {1 - parity.top1:.0%} of the inputs"
    if parity.mask_iou is not None and parity.mask_iou < tolerance.mask_iou:
        return f"{name} has a mask of IoU {parity.mask_iou:.4f} with {reference}'s, and {tolerance.mask_iou} is asked"
    return None
