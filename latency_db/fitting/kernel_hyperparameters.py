"""Fits the processes of `latency_db.operators.process` to the shipped tables.

    python -m latency_db.fitting.kernel_hyperparameters FOLDER

FOLDER has `<runtime>/<device>.csv.gz`, as `latency_db.fitting.gpu_operators` makes them; each gets a `.json` beside it.

Hyperparameters are those of the greatest evidence, times a weak prior that keeps a feature's length near a few standard
deviations where the data do not say (Rasmussen and Williams 2006, §5.4.1).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.linalg import lapack
from scipy.optimize import minimize

from latency_db.operators import conformal
from latency_db.operators.features import features, kernel_class
from latency_db.operators.gaussian_process import CONSTANT, Array, Hyperparameters, distances, matern
from latency_db.operators.process import ClassProcess, Fitted, Scaling, class_processes, rows_by_class, written
from latency_db.operators.table import KernelTable, configuration, read_table, tabled_devices

MOST_ROWS = 500
"""That hyperparameters are fitted to; with twice as many they were no better."""

MOST_STEPS = 60

_LENGTH, _SLOPE, _AMPLITUDE, _NOISE = 1.0, -1.0, -1.0, -3.5
"""Means of the priors of logarithms"""
_SPREAD = 1.5
"""Their standard deviation"""
_BOUNDS = {"length": (-2.0, 5.0), "slope": (-4.0, 3.0), "amplitude": (-4.0, 3.0), "noise": (-5.5, 1.0)}
"""Of logarithms"""


def fit_table(table: KernelTable) -> dict[str, Fitted]:
    """Class -> hyperparameters and the quantile of the scores of its configurations, each held out of the process.

    The hyperparameters themselves have seen all rows; a few dozen numbers from hundreds of rows are no memory of one.
    """
    classes = rows_by_class(table.kernels)
    fitted = {name: _fitted(features(table.kernels_at(rows)), table.us[rows]) for name, rows in classes.items()}
    known = np.empty(len(table.kernels))
    for name, process in class_processes(table, fitted).items():
        rows = classes[name]
        known[rows] = _scores(process, [configuration(kernel) for kernel in table.kernels_at(rows)])
    quantiles = conformal.quantiles(known, [kernel_class(kernel) for kernel in table.kernels])
    return {name: _with_quantile(values, quantiles[name]) for name, values in fitted.items()}


def hyperparameters(inputs: Array, targets: Array) -> Hyperparameters:
    """Those of the greatest posterior, for standardised [rows, features] and [rows]; the same for the same data."""
    if len(inputs) > MOST_ROWS:
        some = np.random.default_rng(0).choice(len(inputs), MOST_ROWS, replace=False)
        inputs, targets = inputs[some], targets[some]
    count = inputs.shape[1]
    centre = np.array([_LENGTH] * count + [_SLOPE, _AMPLITUDE, _NOISE])
    bounds = [_BOUNDS["length"]] * count + [_BOUNDS[name] for name in ("slope", "amplitude", "noise")]

    def loss(logarithms: Array) -> tuple[float, Array]:
        value, gradient = negative_evidence(logarithms, inputs, targets)
        away = (logarithms - centre) / _SPREAD
        return value + float(away @ away) / 2, gradient + away / _SPREAD

    found = minimize(loss, centre, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": MOST_STEPS})
    return _hyperparameters(found.x)


def negative_evidence(logarithms: Array, inputs: Array, targets: Array) -> tuple[float, Array]:
    """And its gradient along the logarithms of lengths, slope, amplitude and noise (ibid., eq. 5.9)."""
    belief = _hyperparameters(logarithms)
    scaled = inputs / belief.lengths
    distance = distances(scaled, scaled)
    process = belief.amplitude**2 * matern(distance)
    trend = (inputs * belief.slopes**2) @ inputs.T
    among = CONSTANT**2 + trend + process + belief.noise**2 * np.eye(len(inputs))
    factor, _ = lapack.dpotrf(among, lower=True, clean=True)
    lower, _ = lapack.dpotri(factor, lower=True)
    inverse = np.tril(lower) + np.tril(lower, -1).T
    weights = inverse @ targets
    value = targets @ weights / 2 + np.log(np.diag(factor)).sum()
    outer = inverse - np.outer(weights, weights)
    # The process changes along a logarithm of a length by 3 a² exp(-√3 r) (x - x')² / l².
    changing = outer * (3 * belief.amplitude**2 * np.exp(-np.sqrt(3) * distance))
    lengths = changing.sum(1) @ scaled**2 - (scaled * (changing @ scaled)).sum(0)
    others = [(outer * trend).sum(), (outer * process).sum(), belief.noise**2 * np.trace(outer)]
    return float(value), np.concatenate([lengths, others])


def _hyperparameters(logarithms: Array) -> Hyperparameters:
    *lengths, slope, amplitude, noise = np.exp(logarithms)
    return Hyperparameters(np.array(lengths), np.full(len(lengths), slope), float(amplitude), float(noise))


def _fitted(matrix: Array, us: Array) -> Fitted:
    scaling, level = Scaling.of(matrix), np.log(us).mean()
    found = hyperparameters(scaling.apply(matrix), np.log(us) - level)
    lengths = dict(zip(scaling.names, found.lengths.tolist(), strict=True))
    slope = float(found.slopes[0]) if len(found.slopes) else 0.0
    return Fitted(lengths, slope, found.amplitude, found.noise, quantile=np.inf)


def _with_quantile(fitted: Fitted, quantile: float) -> Fitted:
    return Fitted(fitted.lengths, fitted.slope, fitted.amplitude, fitted.noise, quantile)


def _scores(process: ClassProcess, groups: list[str]) -> Array:
    return conformal.scores(*process.regression.left_out(groups))


def main(folder: Path) -> None:
    """Writes a file for each table."""
    for runtime in sorted(path.name for path in folder.iterdir() if path.is_dir()):
        for device in tabled_devices(runtime, folder):
            fitted = fit_table(read_table(runtime, device, folder))
            (folder / runtime / f"{device}.json").write_text(written(fitted))
            print(f"{runtime} {device}: {len(fitted)} classes", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
