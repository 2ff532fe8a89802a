"""What came out of a run against what it should be: figures for every output, and one judgement of all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from exporter.backends.runner import Arrays
from exporter.manifest import Kind, Parity, TensorSpec, Tolerance, Verification
from exporter.operations.relative_error import relative_error, sqnr, value_range


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
    kinds = {spec.name: spec.kind for spec in outputs}
    parity = compare(expected, actual, kinds)
    by_psnr = tuple(name for name in parity if kinds.get(name) == "memory" and few_are_off(parity[name], tolerance))
    broken = [
        text for name in parity if (text := _broken(name, parity[name], expected[name], actual.get(name), reference))
    ]
    off = [
        text
        for name, output in parity.items()
        if name not in by_psnr and (text := _off(name, output, tolerance, reference))
    ]
    few_bits = tolerance.relative is None
    failures = broken or ([] if few_bits else off)
    return Verification(
        status="failed" if failures else "passed",
        runtime=runtime,
        tolerance=tolerance,
        vectors=ran,
        left_out=count - ran,
        outputs=parity,
        by_psnr=by_psnr,
        short=tuple(off) if few_bits and not broken else (),
        detail="; ".join(failures) or _agreement(parity, by_psnr, few_bits, count, seconds, reference),
    )


def _agreement(
    parity: Mapping[str, Parity],
    by_psnr: Collection[str],
    few_bits: bool,
    count: int,
    seconds: float | None,
    reference: str,
) -> str:
    """How far outputs that passed are off, and the PSNR of those that passed by it; of how many of `count` inputs."""
    ran = len(next(iter(parity.values())).per_vector)
    all_of_them = "1 input" if count == 1 else f"{count} inputs"
    inputs = all_of_them if ran == count else f"{ran} of {count} inputs; then its {seconds:.0f} s were up"
    if few_bits:
        ratios = [one.sqnr for one in parity.values() if one.sqnr is not None]
        noise = f"an SQNR of {min(ratios):.1f} dB" if ratios else "no noise"
        return f"Has {noise} beside {reference} on {inputs}."
    within = max((one.relative or 0.0 for name, one in parity.items() if name not in by_psnr), default=0.0)
    but = [f"{name} with a PSNR of {parity[name].psnr:.0f} dB" for name in by_psnr]
    return ", ".join([f"Agrees with {reference} within {within:.1e} on {inputs}", *but]) + "."


def few_are_off(parity: Parity, tolerance: Tolerance) -> bool:
    """Whether the worst element is further off than allowed, and the PSNR good enough to accept it."""
    if parity.relative is None or tolerance.relative is None or parity.relative <= tolerance.relative:
        return False
    return parity.psnr is not None and tolerance.psnr is not None and parity.psnr >= tolerance.psnr


def compare(expected: Arrays, actual: Arrays, kinds: Mapping[str, Kind]) -> dict[str, Parity]:
    """Parity of every expected output; of class scores and mask logits, by `kinds`, by the task's metric too.

    An output that is missing or of another shape counts as not finite.
    """
    return {name: _parity(values, actual.get(name), kinds.get(name)) for name, values in expected.items()}


def _parity(expected: NDArray[np.float32], actual: NDArray[np.float32] | None, kind: Kind | None) -> Parity:
    if actual is None or actual.shape != expected.shape:
        actual = np.full_like(expected, np.nan)
    count = len(expected)
    flat_expected, flat_actual = expected.reshape(count, -1), actual.reshape(count, -1)
    difference = np.abs(flat_expected.astype(np.float64) - flat_actual)
    with np.errstate(divide="ignore"):  # equal outputs have no noise, and so no ratio to it
        psnr = 20 * np.log10(value_range(expected) / np.sqrt(np.square(difference).mean()))
    top1, top5 = _classes_alike(flat_expected, flat_actual) if kind == "class_scores" else (None, None)
    # Of five classes the five best are the same whatever the scores.
    top5 = top5 if flat_expected.shape[1] > 5 else None
    return Parity(
        max_abs=_finite(difference.max()),
        relative=_finite(relative_error(actual, expected)),
        psnr=_finite(psnr),
        sqnr=None if kind == "score" else _finite(sqnr(actual, expected)),
        top1=top1,
        top5=top5,
        labels=_labels_alike(flat_expected, flat_actual) if kind == "label_scores" else None,
        mask_iou=min(map(_mask_agreement, flat_expected, flat_actual)) if kind == "mask_logits" else None,
        per_vector=tuple(_finite(relative_error(a, e)) for a, e in zip(actual, expected, strict=True)),
    )


def _classes_alike(expected: NDArray[np.float32], actual: NDArray[np.float32]) -> tuple[float, float]:
    """Share of rows with the same best class, and mean share of the five best that both have.

    A row that is not finite has no best class; of equal scores, which half precision makes, the first is the better.
    """
    best, own = (np.argsort(-values, axis=1, kind="stable")[:, :5] for values in (expected, actual))
    finite = np.isfinite(actual).all(1)
    shared = np.array([len(set(a) & set(b)) / len(a) for a, b in zip(best, own, strict=True)])
    return float(((best[:, 0] == own[:, 0]) & finite).mean()), float((shared * finite).mean())


def _labels_alike(expected: NDArray[np.float32], actual: NDArray[np.float32]) -> float:
    """Share of scores [vectors, labels] on the same side of zero, which is a probability of one half."""
    return float((((expected > 0) == (actual > 0)) & np.isfinite(actual)).mean())


def _mask_agreement(expected: NDArray[np.float32], actual: NDArray[np.float32]) -> float:
    """IoU of the masks that two sets of logits stand for; logits that are not finite stand for none."""
    return mask_iou(expected > 0, actual > 0) if np.isfinite(actual).all() else 0.0


def mask_iou(a: NDArray[np.bool_], b: NDArray[np.bool_], least_union: float = 0.0) -> float:
    """Intersection over union of two masks; of two empty ones 1.

    It is 1 less what differs, as a share of the union, which counts as at least `least_union` of the frame.
    """
    differ, union = int((a ^ b).sum()), max(int((a | b).sum()), least_union * a.size)
    return 1 - differ / union if differ else 1.0


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _broken(
    name: str,
    parity: Parity,
    expected: NDArray[np.float32],
    actual: NDArray[np.float32] | None,
    reference: str,
) -> str | None:
    """Why an output cannot be compared at all, or None."""
    if actual is None:
        return f"{name} is missing"
    if actual.shape != expected.shape:
        return f"{name} has shape {list(actual.shape[1:])}, and {reference}'s has {list(expected.shape[1:])}"
    if parity.relative is None or parity.max_abs is None:
        return f"{name} is not finite on {parity.per_vector.count(None)} of {len(expected)} inputs"
    return None


def _off(name: str, parity: Parity, tolerance: Tolerance, reference: str) -> str | None:
    """How an output that can be compared is further off than the tolerance has it, or None."""
    if parity.relative is None or parity.max_abs is None:
        return None
    if tolerance.relative is not None and parity.relative > tolerance.relative:
        return (
            f"{name} is off by {parity.relative:.1e} of its range (max abs {parity.max_abs:.3g}), "
            f"and {tolerance.relative:.0e} is allowed"
        )
    if tolerance.sqnr is not None and parity.sqnr is not None and parity.sqnr < tolerance.sqnr:
        return f"{name} has an SQNR of {parity.sqnr:.1f} dB, and {tolerance.sqnr:g} is asked"
    if parity.top1 is not None and parity.top1 < tolerance.top1:
        return f"{name} has another best class on {1 - parity.top1:.0%} of the inputs"
    if parity.labels is not None and parity.labels < tolerance.labels:
        return f"{name} judges {1 - parity.labels:.2%} of the labels otherwise"
    if parity.mask_iou is not None and parity.mask_iou < tolerance.mask_iou:
        return f"{name} has a mask of IoU {parity.mask_iou:.4f} with {reference}'s, and {tolerance.mask_iou} is asked"
    return None
