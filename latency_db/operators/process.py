"""A Gaussian process for each class of kernels on a device, over the logarithms of what its table measured.

What was found by fitting (`data/kernels/<runtime>/<device>.json`, a `Fitted` for each class) is shipped; that and the
table make the process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latency_db.kernel import Kernel
from latency_db.operators.features import FEATURES, features, kernel_class
from latency_db.operators.gaussian_process import Hyperparameters, Regression
from latency_db.operators.table import TABLES, KernelTable

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """What was learned of one class of kernels on one device; deviations are those of logarithms of times."""

    lengths: Mapping[str, float]
    """Feature that varies in the class -> the length over which times change, in the feature's standard deviations"""
    slope: float
    amplitude: float
    noise: float
    quantile: float
    """Score that 90 % of configurations stay below, each held out (see `latency_db.operators.conformal`)"""


@dataclass(frozen=True)
class Scaling:
    """Features as the process takes them, and the range within which it knows anything."""

    centre: Array
    scale: Array
    """[FEATURES] standard deviations; 0 of what does not vary"""
    lowest: Array
    highest: Array

    @classmethod
    def of(cls, matrix: Array) -> Scaling:
        """From [rows, FEATURES]"""
        spread = matrix.std(0)
        spread[spread < _SAME] = 0
        return cls(matrix.mean(0), spread, matrix.min(0), matrix.max(0))

    @property
    def varying(self) -> NDArray[np.bool_]:
        return self.scale > 0

    @property
    def names(self) -> list[str]:
        """Of the features that vary"""
        return [FEATURES[column] for column in np.flatnonzero(self.varying)]

    def apply(self, matrix: Array) -> Array:
        """[n, features that vary] standardised, of [n, FEATURES]"""
        return (matrix - self.centre)[:, self.varying] / self.scale[self.varying]

    def contains(self, matrix: Array) -> NDArray[np.bool_]:
        """[n] whether no feature, whether or not it varies, is beyond what was measured."""
        return np.all((matrix >= self.lowest - _SAME) & (matrix <= self.highest + _SAME), axis=1)


_SAME = 1e-9
"""Features that differ by less are equal."""


@dataclass(frozen=True)
class ClassProcess:
    """Predicts kernels of one class on one device."""

    matrix: Array
    """[rows, FEATURES] of what was measured"""
    us: Array
    """[rows] µs"""
    fitted: Fitted

    def predict(self, matrix: Array) -> tuple[Array, Array]:
        """Logarithm of µs and its standard deviation, for each of [n, FEATURES]."""
        mean, deviation = self.regression.predict(self.scaling.apply(matrix))
        return mean + self._level, deviation

    @cached_property
    def scaling(self) -> Scaling:
        return Scaling.of(self.matrix)

    @cached_property
    def regression(self) -> Regression:
        fitted = self.fitted
        lengths = np.array([fitted.lengths[name] for name in self.scaling.names])
        slopes = np.full(len(lengths), fitted.slope)
        hyperparameters = Hyperparameters(lengths, slopes, fitted.amplitude, fitted.noise)
        return Regression(self.scaling.apply(self.matrix), np.log(self.us) - self._level, hyperparameters)

    @cached_property
    def _level(self) -> float:
        return float(np.log(self.us).mean())


def class_processes(table: KernelTable, fitted: Mapping[str, Fitted]) -> dict[str, ClassProcess]:
    """Class -> its process, of the classes that were fitted."""
    return {
        name: ClassProcess(features(table.kernels_at(rows)), table.us[rows], fitted[name])
        for name, rows in rows_by_class(table.kernels).items()
        if name in fitted
    }


def rows_by_class(kernels: Sequence[Kernel]) -> dict[str, NDArray[np.intp]]:
    """Class -> the places of its kernels."""
    names = np.array([kernel_class(kernel) for kernel in kernels], dtype=np.str_)
    return {str(name): np.flatnonzero(names == name) for name in np.unique(names)}


def read_fitted(runtime: str, device: str, folder: Path = TABLES) -> dict[str, Fitted]:
    """Class -> what was fitted to a device's table."""
    shipped = json.loads((folder / runtime / f"{device}.json").read_text())
    return {name: Fitted(**values) for name, values in shipped.items()}


def written(fitted: Mapping[str, Fitted]) -> str:
    """The text of the file that `read_fitted` reads, to four digits."""
    text = json.dumps({name: asdict(values) for name, values in sorted(fitted.items())}, indent=1)
    rounded = json.loads(text, parse_float=lambda digits: float(f"{float(digits):.4g}"))
    return json.dumps(rounded, indent=1) + "\n"
