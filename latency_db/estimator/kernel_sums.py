"""A workload as the sum of its kernels, each by the table of its device, with the overheads of the whole."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from latency_db.coverage import quantile
from latency_db.estimator.estimate import Estimate, KernelEstimate
from latency_db.estimator.exact import best_rows, interval
from latency_db.estimator.overheads import Overhead, difficulty, overheads
from latency_db.estimator.question import Question
from latency_db.estimator.rooflines import own_cell
from latency_db.kernel import Kernel
from latency_db.operators.estimates import KernelEstimates, KernelEstimator
from latency_db.operators.few_rows import ENOUGH, ENOUGH_BESIDE_OTHERS, estimator_of
from latency_db.operators.measured_table import Fit, MeasuredDevice
from latency_db.operators.table import tabled_devices

COVERED = ("measured", "kernel table", "transfer")
"""Methods of kernels that the table has, or has others all around of"""

LEAST_KNOWN = 0.5
"""Share of a workload, by time, in kernels of classes that the table knows, below which their sum says too little"""

UNKNOWN_RATE = 3.0
"""How many times as long or short a kernel of an unknown class may take, where it is guessed: assumed"""


def measured_kernels(question: Question) -> dict[Kernel, float]:
    """Kernel -> µs, of those that were measured on the device under these conditions."""
    rows = best_rows(question.measured, question.conditions)
    return {
        Kernel.of_key(subject.key): 1e3 * row.latency.ms for subject, row in rows.items() if subject.kind == "kernel"
    }


def from_kernel_table(question: Question) -> Estimate | None:
    """By a table that is shipped, or one of what was measured; None where there is neither."""
    if (question.unit, question.precision) in (("gpu", "fp32"), ("gpu", "fp16")) and (
        question.device in tabled_devices(question.runtime)
    ):
        overhead = overheads()[question.runtime, question.device]
        if not overhead.beats_roofline and own_cell(question) is not None:
            return None
        kernels = tuple(kernel for _, kernel in question.kernels)
        found = _with_measured(question, _by_shipped_table(question.runtime, question.device, kernels))
        return summed(question, found, overhead, rate=overhead.per_unknown)
    own = measured_kernels(question)
    if own and question.fits:
        return _fitted(question, own, question.fits[0])
    others = question.unit == "gpu" and tabled_devices(question.runtime)
    if len(own) < (ENOUGH_BESIDE_OTHERS if others else ENOUGH):
        return None
    table = estimator_of(question.runtime, question.device, list(own), np.array(list(own.values())))
    return summed(question, _estimated(question, table), unfitted(question), rate=usual_rate(table))


@lru_cache(maxsize=16)
def shipped_table(runtime: str, device: str) -> KernelEstimator:
    """Read once for all questions about a device."""
    return KernelEstimator.shipped(runtime, device)


@lru_cache(maxsize=256)
def _by_shipped_table(runtime: str, device: str, kernels: tuple[Kernel, ...]) -> KernelEstimates:
    """Kept, because a device answers for every one that it is most alike to."""
    return shipped_table(runtime, device).estimate(kernels)


def _fitted(question: Question, own: dict[Kernel, float], fit: Fit) -> Estimate | None:
    """By what was learned of the very machine: processes of its kernels, and overheads from models timed whole."""
    device = MeasuredDevice.of(question.runtime, question.device, own, fit)
    kernels = [kernel for _, kernel in question.kernels]
    found, counts = device.estimator.estimate(kernels), np.array(list(question.kernels.values()), float)
    if np.isnan(found.us).all():
        return None
    graphs = [device.graph(cut) for cut in question.workload.graphs.values()]
    # Errors of a machine's graphs go together, so that their intervals are added as they are.
    us, low, high = np.sum([(graph.us, graph.low, graph.high) for graph in graphs], axis=0).tolist()
    each = device.kernel_times(kernels) / 1e3
    covered = np.isin(found.methods, COVERED)
    coverage = float((each * counts)[covered].sum() / (each @ counts))
    overheads = f"overheads fitted to {fit.overheads.graphs} models" if fit.overheads.graphs else "no overheads known"
    reason = f"{_counted(found, counts)}; {overheads}"
    breakdown = _breakdown(question, found, each, ~np.isnan(found.us))
    return Estimate(us / 1e3, low / 1e3, high / 1e3, "kernel table", reason, coverage, breakdown, question.conditions)


def unfitted(question: Question) -> Overhead:
    """Of a device on which no model was timed whole with its kernels."""
    every = overheads().values()
    return Overhead(
        question.runtime,
        question.device,
        scale=1.0,
        per_unknown=0.0,
        per_kernel=0.0,
        per_graph=0.0,
        # How far the sum of kernels is from the whole differs by device: of a new one nothing is known but these.
        quantile=quantile([one.unfitted for one in every]),
        unfitted=0.0,
        models=0,
        error=float("nan"),
        roofline_error=float("nan"),
    )


def _estimated(question: Question, estimator: KernelEstimator) -> KernelEstimates:
    return estimator.estimate([kernel for _, kernel in question.kernels])


def _with_measured(question: Question, found: KernelEstimates) -> KernelEstimates:
    """With what was measured of these very kernels in the place of what a shipped table says."""
    us, low, high, methods = found.us.copy(), found.low.copy(), found.high.copy(), found.methods.copy()
    rows = {
        subject.key: row
        for subject, row in best_rows(question.measured, question.conditions).items()
        if subject.kind == "kernel"
    }
    for place, (_, kernel) in enumerate(question.kernels):
        if row := rows.get(kernel.key):
            us[place], low[place], high[place] = (1e3 * ms for ms in interval(row))
            methods[place] = "measured"
    return KernelEstimates(us, low, high, methods)


def summed(question: Question, found: KernelEstimates, overhead: Overhead, rate: float) -> Estimate | None:
    """The whole of a question's kernels with its overhead; those that are unknown take `rate` ms for a million elements
    that they move, and multiply as fast as the others. None where too little is known."""
    kernels, counts = question.kernels, np.array(list(question.kernels.values()), float)
    known = ~np.isnan(found.us)
    moved = np.array([kernel.elements_read + kernel.elements_written for _, kernel in kernels], float)
    if not known.any():
        return None
    macs = np.array([kernel.macs for _, kernel in kernels], float)
    of_known = overhead.scale * np.nan_to_num(found.us) / 1e3
    # No model that overheads were fitted to has products of a class that its table lacks: they go at the others' rate.
    multiplied = float((macs * counts)[known].sum())
    rate_of_macs = float((of_known * counts)[macs > 0].sum()) / multiplied if multiplied else 0.0
    each = np.where(known, of_known, rate * moved / 1e6 + rate_of_macs * macs)
    share_unknown = float((each * counts)[~known].sum() / (each * counts).sum())
    if share_unknown > 1 - LEAST_KNOWN:
        return None
    ms = float(each @ counts) + overhead.per_kernel * counts.sum() + overhead.per_graph * len(question.workload.graphs)
    half_widths = np.log(found.high[known] / found.low[known]) / 2
    hard = difficulty((each * counts)[None, known], half_widths, np.array([share_unknown]))
    half = float(np.exp(overhead.quantile * hard[0]))
    breakdown = _breakdown(question, found, each, known)
    covered = np.isin(found.methods, COVERED)
    coverage = float((each * counts)[covered].sum() / (each * counts).sum())
    fitted = f"overheads fitted to {overhead.models} models" if overhead.models else "no overheads known"
    reason = f"{_counted(found, counts)}; {fitted}"
    return Estimate(ms, ms / half, ms * half, "kernel table", reason, coverage, breakdown, question.conditions)


def usual_rate(estimator: KernelEstimator) -> float:
    """ms for a million elements that a kernel moves which multiplies nothing, else any kernel: the median."""
    table = estimator.table
    rows = [row for row, kernel in enumerate(table.kernels) if not kernel.macs] or list(range(len(table.kernels)))
    moved = [table.kernels[row].elements_read + table.kernels[row].elements_written for row in rows]
    return float(np.median(table.us[rows] / 1e3 / (np.maximum(moved, 1) / 1e6)))


def _breakdown(
    question: Question, found: KernelEstimates, each: np.ndarray, known: np.ndarray
) -> tuple[KernelEstimate, ...]:
    low = np.where(known, each * found.low / found.us, each / UNKNOWN_RATE)
    high = np.where(known, each * found.high / found.us, each * UNKNOWN_RATE)
    return tuple(
        KernelEstimate(graph, kernel, count, float(each[row]), float(low[row]), float(high[row]), str(method))
        for row, ((graph, kernel), count, method) in enumerate(
            zip(question.kernels, question.kernels.values(), found.methods, strict=True)
        )
    )


def _counted(found: KernelEstimates, counts: np.ndarray) -> str:
    """How many kernels are known how, in words."""
    words = {
        "measured": "measured",
        "kernel table": "estimated within the table",
        "outside the table": "outside it",
        "transfer": "transferred",
        "transfer outside the table": "transferred from outside a table",
        "unknown": "of classes that it lacks",
    }
    parts = [f"{int(counts[found.methods == name].sum())} {text}" for name, text in words.items()
             if (found.methods == name).any()]  # fmt: skip
    return f"{int(counts.sum())} kernels: {', '.join(parts)}"
