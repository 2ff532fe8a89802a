"""A kernel estimator of kernels that a phone has sent, or of this machine before anything was fitted to it.

Nothing is fitted here that takes minutes. Each class of kernels gets a process with one length for all features,
chosen among few by how likely it makes what was measured, as `latency_db.operators.transfer` chooses its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from latency_db.kernel import Kernel
from latency_db.operators import conformal
from latency_db.operators.estimates import KernelEstimator
from latency_db.operators.features import features
from latency_db.operators.gaussian_process import Array, Hyperparameters, Regression
from latency_db.operators.process import ClassProcess, Fitted, Scaling, rows_by_class
from latency_db.operators.table import KernelTable, configuration

ENOUGH = 100
"""Kernels of all classes from which on they are a table: drawn from each of TFLite's six, a hundred know the rest to
14 % at the median, and lack the classes of one in ten"""
ENOUGH_BESIDE_OTHERS = 500
"""The same where other devices have tables to transfer from: with 60, 100 and 300 of its kernels transfer errs by 9.7,
8.9 and 6.7 % at the median, a table of them alone by 17.7, 13.9 and 9.0, and one of 800 by 6.1"""
ENOUGH_OF_A_CLASS = 8

_MOST_TRIED = 120
"""Rows by which hyperparameters are chosen"""
_LENGTHS, _SLOPES, _AMPLITUDES, _NOISES = (2.0, 6.0, 18.0), (0.3, 1.0), (0.2, 0.6), (0.03, 0.1)
"""Lengths are in standard deviations of all features that vary; the rest are deviations of logarithms of times."""


def estimator_of(runtime: str, device: str, kernels: Sequence[Kernel], us: Array) -> KernelEstimator:
    """From what kernels took, in µs. Classes with few kernels have no process, and are unknown but for these."""
    table = KernelTable.of(runtime, device, dict(zip(kernels, us.tolist(), strict=True)))
    processes, scores, groups = {}, [], []
    for name, rows in rows_by_class(table.kernels).items():
        if len(rows) < ENOUGH_OF_A_CLASS:
            continue
        process = ClassProcess(features(table.kernels_at(rows)), table.us[rows], _chosen(table.lines(rows)))
        left_out = process.regression.left_out([configuration(kernel) for kernel in table.kernels_at(rows)])
        scores.append(conformal.scores(*left_out))
        groups += [name] * len(rows)
        processes[name] = process
    if not processes:
        return KernelEstimator(table, {})
    quantiles = conformal.quantiles(np.concatenate(scores), groups)
    return KernelEstimator(table, {name: _with(process, quantiles[name]) for name, process in processes.items()})


def _chosen(table: KernelTable) -> Fitted:
    """The likeliest of few, for lines of one class."""
    some = np.random.default_rng(0).permutation(len(table.us))[:_MOST_TRIED]
    matrix, logarithms = features(table.kernels_at(some)), np.log(table.us[some])
    scaling = Scaling.of(matrix)
    inputs, targets = scaling.apply(matrix), logarithms - logarithms.mean()
    count = inputs.shape[1]

    def tried(length: float, slope: float, amplitude: float, noise: float) -> Regression:
        belief = Hyperparameters(np.full(count, length), np.full(count, slope / max(count, 1) ** 0.5), amplitude, noise)
        return Regression(inputs, targets, belief)

    choices = product(_LENGTHS, _SLOPES, _AMPLITUDES, _NOISES)
    best = max((tried(*choice) for choice in choices), key=lambda regression: regression.evidence).hyperparameters
    names = Scaling.of(features(table.kernels)).names
    lengths = dict.fromkeys(names, float(best.lengths[0]) if count else 1.0)
    slope = float(best.slopes[0]) if count else 0.0
    return Fitted(lengths, slope, best.amplitude, best.noise, quantile=np.inf)


def _with(process: ClassProcess, quantile: float) -> ClassProcess:
    fitted = process.fitted
    own = Fitted(fitted.lengths, fitted.slope, fitted.amplitude, fitted.noise, quantile)
    return ClassProcess(process.matrix, process.us, own)
