"""A workload as the sum of its kernels, each by the table of its device, with the overheads of the whole."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from latency_db.coverage import quantile
from latency_db.estimator.estimate import Estimate, KernelEstimate
from latency_db.estimator.exact import interval
from latency_db.estimator.overheads import Overhead, overheads
from latency_db.estimator.question import Question
from latency_db.estimator.rooflines import cell_precision, own_cell
from latency_db.kernel import Kernel
from latency_db.operators.conformal import difficulty
from latency_db.operators.estimates import KernelEstimates, KernelEstimator
from latency_db.operators.few_rows import ENOUGH, ENOUGH_BESIDE_OTHERS, estimator_of
from latency_db.operators.fit_file import Fit
from latency_db.operators.measured_device import MeasuredDevice
from latency_db.operators.table import as_tabled, tabled_devices

Times = tuple[tuple[Kernel, float], ...]
"""Kernels that were measured, with their µs: by which what is fitted to them is kept from question to question"""

COVERED = ("measured", "kernel table", "transfer")
"""Methods of kernels that the table has, or has others all around of"""

LEAST_KNOWN = 0.5
"""Share of a workload, by time, in kernels of classes that the table knows, below which their sum says too little"""

UNKNOWN_RATE = 3.0
"""How many times as long or short a kernel of an unknown class may take, where it is guessed: assumed"""


def measured_times(question: Question) -> Times:
    return tuple((kernel, 1e3 * row.latency.ms) for kernel, row in question.kernel_rows.items())


def from_shipped_table(question: Question) -> Estimate | None:
    """By the shipped table of a phone's GPU, whose times are those of fp32."""
    tabled = question.unit == "gpu" and question.device in tabled_devices(question.runtime)
    if not tabled or cell_precision(question) != "fp32":
        return None
    overhead = overheads()[question.runtime, question.device]
    if not overhead.beats_roofline and own_cell(question) is not None:
        return None
    kernels = tuple(kernel for _, kernel in question.kernels)
    found = with_measured(question, _by_shipped_table(question.runtime, question.device, kernels))
    return summed(question, found, overhead, rate=overhead.per_unknown)


def from_own_table(question: Question) -> Estimate | None:
    """By a table of what was measured on the device, with what was fitted to it, if anything; None of too few."""
    own = measured_times(question)
    if own and question.fits:
        return _fitted(question, own, question.fits[0])
    others = question.unit == "gpu" and tabled_devices(question.runtime)
    if len(own) < (ENOUGH_BESIDE_OTHERS if others else ENOUGH):
        return None
    estimator = own_table(question.runtime, question.device, own)
    found = with_measured(question, estimator.estimate([kernel for _, kernel in question.kernels]))
    return summed(question, found, unfitted(question), rate=1e3 * estimator.table.usual_rate)


@lru_cache(maxsize=16)
def shipped_table(runtime: str, device: str) -> KernelEstimator:
    """Read once for all questions about a device."""
    return KernelEstimator.shipped(runtime, device)


@lru_cache(maxsize=256)
def _by_shipped_table(runtime: str, device: str, kernels: tuple[Kernel, ...]) -> KernelEstimates:
    """Kept, because a device answers for every one that it is most alike to."""
    return shipped_table(runtime, device).estimate(kernels)


@lru_cache(maxsize=16)
def own_table(runtime: str, device: str, times: Times) -> KernelEstimator:
    """Fitted once for all questions about the same rows."""
    kernels, us = zip(*times, strict=True)
    return estimator_of(runtime, device, kernels, np.array(us))


@lru_cache(maxsize=16)
def _measured_device(runtime: str, device: str, times: Times, fit: Fit) -> MeasuredDevice:
    return MeasuredDevice.of(runtime, device, dict(times), fit)


def _fitted(question: Question, own: Times, fit: Fit) -> Estimate | None:
    """By what was learned of the very machine: processes of its kernels, and overheads from models timed whole."""
    device = _measured_device(question.runtime, question.device, own, fit)
    kernels, counts = [kernel for _, kernel in question.kernels], np.array(list(question.kernels.values()), float)
    found = device.estimator.estimate(kernels)
    each = device.kernel_times(kernels) / 1e3
    known = ~np.isnan(found.us)
    if (each * counts)[known].sum() < LEAST_KNOWN * (each @ counts):
        return None
    graphs = [device.graph(cut) for cut in question.workload.graphs.values() if cut]
    # Errors of a machine's graphs go together, so that their intervals are added as they are.
    us, low, high = np.sum([(graph.us, graph.low, graph.high) for graph in graphs], axis=0).tolist()
    covered = np.isin(found.methods, COVERED)
    coverage = float((each * counts)[covered].sum() / (each @ counts))
    overheads = (
        f"overheads fitted to {fit.calibration.graphs} graphs" if fit.calibration.graphs else "no overheads known"
    )
    reason = f"{_counted(found, counts)}; {overheads}"
    breakdown = _breakdown(question, found, each, known)
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


def with_measured(question: Question, found: KernelEstimates) -> KernelEstimates:
    """With what was measured of these very kernels in the place of estimates."""
    us, low, high, methods = found.us.copy(), found.low.copy(), found.high.copy(), found.methods.copy()
    rows = {as_tabled(kernel, question.runtime): row for kernel, row in question.kernel_rows.items()}
    for place, (_, kernel) in enumerate(question.kernels):
        if row := rows.get(as_tabled(kernel, question.runtime)):
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
    ms = float(each @ counts) + overhead.per_kernel * float(counts.sum())
    ms += overhead.per_graph * len(question.workload.graphs)
    half_widths = np.log(found.high[known] / found.low[known]) / 2
    hard = difficulty((each * counts)[None, known], half_widths, np.array([share_unknown]))
    half = float(np.exp(overhead.quantile * hard[0]))
    breakdown = _breakdown(question, found, each, known)
    covered = np.isin(found.methods, COVERED)
    coverage = float((each * counts)[covered].sum() / (each * counts).sum())
    fitted = f"overheads fitted to {overhead.models} models" if overhead.models else "no overheads known"
    reason = f"{_counted(found, counts)}; {fitted}"
    return Estimate(ms, ms / half, ms * half, "kernel table", reason, coverage, breakdown, question.conditions)


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
