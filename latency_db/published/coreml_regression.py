"""Latency of a model on an iPhone under Core ML, from what others published of other models.

A robust ridge in logarithms on multiply-accumulates, weights, image size, kind and phone, and a Gaussian process over
families of models on what it leaves: a family runs faster or slower than its arithmetic says, alike at all its sizes.
Compute unit left to Core ML, precision its default (fp16). Milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

import device_profiles
from latency_db.published.coreml_models import ModelFacts, model_facts
from latency_db.published.rows import PublishedRow, published_rows

Array = NDArray[np.float64]

LINES = (
    "iphone12", "iphone13", "iphone14", "iphone14_pro", "iphone15", "iphone15_pro", "iphone16", "iphone16e", "iphone17",
    "iphone_air", "iphone_se3",
)  # fmt: skip
"""Phones, each with a profile, that stand for their sisters, whose ids begin with theirs; the longest one decides."""

UNIT_LEFT_TO_CORE_ML = ("", "npu")
"""What rows state of the compute unit that ran on what Core ML chose, or on what it is most likely to choose"""

# Chosen among a dozen by leave-one-model-out error, which was 6.7 to 7.5 % with all of them.
RIDGE, ROBUST_RIDGE = 1.0, 0.15
"""Penalty, and the log residual from which a row counts for less."""
FAMILY, NEAR_IN_FAMILY, FAMILY_ON_PHONE, NOISE = 0.3, 0.15, 0.1, 0.06
"""Standard deviations of the log residual: of a family, of models near one another in it, of it on a phone, of a row"""
NEAR_GMACS, NEAR_SIZE = 1.0, 0.5
"""Log distances over which models of one family resemble each other."""

_KINDS = ("cnn", "hybrid", "vit")
_STEPS = 15


@dataclass(frozen=True)
class Timed:
    """A model on a phone."""

    facts: ModelFacts
    device: str

    @property
    def line(self) -> str:
        """The phones that it shares chip and year with, by the beginning of their ids: iphone12 of iphone12_pro_max.

        Raises `ValueError` for what is no iPhone from the 12 on.
        """
        found = line_of(self.device)
        if found is None:
            raise ValueError(
                f"{self.device} is too far from every phone with Core ML rows: name an iPhone from the 12 on."
            )
        return found

    @property
    def chip(self) -> int:
        """Number of the A-series chip"""
        return _chip(self.line)


def line_of(device: str) -> str | None:
    """The line of an iPhone from the 12 on; None of any other device."""
    starts = [start for start in LINES if device == start or device.startswith(f"{start}_")]
    return max(starts, key=len, default=None)


@cache
def _chip(line: str) -> int:
    found = re.search(r"Apple A(\d+)", device_profiles.load(line).soc or "")
    assert found, f"the profile of {line} names no A-series chip"
    return int(found[1])


@dataclass(frozen=True)
class CoreMLRegression:
    """The fitted regression: what `fit` makes and `predict` needs."""

    timed: tuple[Timed, ...]
    coefficients: Array
    """[features]"""
    weighted: Array
    """Inverse of the rows' covariance [rows, rows]"""
    residuals: Array
    """Log milliseconds that the ridge leaves [rows]"""

    @classmethod
    def fit(cls, timed: Sequence[Timed], ms: Sequence[float]) -> CoreMLRegression:
        """Fit to models on phones [rows] and their milliseconds [rows]."""
        lines, devices = _levels(timed)
        features, target = _features(timed, lines, devices), np.log(np.asarray(ms, float))
        coefficients = _robust_ridge(features, target)
        residuals = target - features @ coefficients
        covariance = _covariance(timed, timed)
        noise = np.full(len(timed), NOISE**2)
        for _ in range(_STEPS):  # Student's t with 4 degrees of freedom: a row far off gets more noise
            left = noise * np.linalg.solve(covariance + np.diag(noise), residuals)
            noise = NOISE**2 * (4 + (left / NOISE) ** 2) / 5
        weighted = np.linalg.inv(covariance + np.diag(noise)).astype(np.float64)
        return cls(tuple(timed), coefficients, weighted, residuals)

    def predict(self, timed: Sequence[Timed]) -> tuple[Array, Array]:
        """Log milliseconds [n] and their standard deviation [n] as the process has it, which is not yet an interval."""
        across = _covariance(timed, self.timed)
        mean = _features(timed, *_levels(self.timed)) @ self.coefficients + across @ self.weighted @ self.residuals
        prior = FAMILY**2 + NEAR_IN_FAMILY**2 + FAMILY_ON_PHONE**2 + NOISE**2
        explained = (across @ self.weighted * across).sum(axis=1)
        return mean, np.sqrt(np.maximum(prior - explained, NOISE**2))

    @cached_property
    def families(self) -> frozenset[str]:
        return frozenset(one.facts.family for one in self.timed)

    @cached_property
    def lines(self) -> frozenset[str]:
        return frozenset(one.line for one in self.timed)

    def outside(self, one: Timed) -> tuple[str, ...]:
        """Which of its figures lie beyond those of every row, in words."""
        seen = [row.facts for row in self.timed]
        sides: dict[str, tuple[float, list[float]]] = {
            "multiply-accumulates": (one.facts.gmacs, [facts.gmacs for facts in seen]),
            "weights": (one.facts.params_m, [facts.params_m for facts in seen]),
            "image size": (one.facts.size, [float(facts.size) for facts in seen]),
        }
        return tuple(name for name, (value, known) in sides.items() if not min(known) <= value <= max(known))


def training_rows(rows: Iterable[PublishedRow]) -> list[tuple[Timed, PublishedRow]]:
    """Those of the rows that the regression learns from: Core ML with the unit left to it or the Neural Engine named,
    iPhones from the 12 on, models whose multiply-accumulates are known, nothing doubtful."""
    facts = model_facts()
    return [
        (Timed(facts[row.model, row.size], row.device), row)
        for row in rows
        if row.runtime == "coreml"
        and row.unit in UNIT_LEFT_TO_CORE_ML
        and row.usable
        and line_of(row.device) is not None
        and (row.model, row.size) in facts
    ]


@cache
def regression() -> CoreMLRegression:
    """Fitted to the shipped rows."""
    pairs = training_rows(published_rows())
    return CoreMLRegression.fit([timed for timed, _ in pairs], [row.ms for _, row in pairs])


def _levels(timed: Sequence[Timed]) -> tuple[list[str], list[str]]:
    return sorted({one.line for one in timed}), sorted({one.device for one in timed})


def _features(timed: Sequence[Timed], lines: Sequence[str], devices: Sequence[str]) -> Array:
    """[n, features], each scaled so that one penalty fits all."""
    gmacs = np.log([one.facts.gmacs for one in timed])
    size = np.log([one.facts.size / 224 for one in timed])
    columns: list[Array] = [
        np.ones(len(timed)),
        gmacs,
        np.log([one.facts.params_m for one in timed]),
        size,
        0.3 * gmacs**2,
    ]
    columns.append(np.array([0.5 * (one.chip - 15) for one in timed]))
    for kind in _KINDS:
        is_kind = np.array([one.facts.kind == kind for one in timed])
        columns += [0.5 * is_kind, size * is_kind, 0.5 * gmacs * is_kind]
    columns += [0.5 * _among([one.line for one in timed], lines), 0.15 * _among([one.device for one in timed], devices)]
    return np.column_stack(columns)


def _among(names: Sequence[str], levels: Sequence[str]) -> Array:
    """[names, levels], 1 where a name is the level."""
    return (np.array(names)[:, None] == np.array(levels)[None]).astype(float)


def _robust_ridge(features: Array, target: Array) -> Array:
    """Coefficients [features] under Student's t with 3 degrees of freedom; the first feature, 1, goes unpenalised."""
    penalty = RIDGE * np.eye(features.shape[1])
    penalty[0, 0] = 1e-6
    weights = np.ones(len(target))
    coefficients: Array = np.zeros(features.shape[1])
    for _ in range(_STEPS):
        weighed = features.T * weights
        coefficients = np.linalg.solve(weighed @ features + penalty, weighed @ target).astype(np.float64)
        weights = 4 / (3 + ((target - features @ coefficients) / ROBUST_RIDGE) ** 2)
    return coefficients


def _covariance(some: Sequence[Timed], others: Sequence[Timed]) -> Array:
    """Of what the ridge leaves, between models on phones [some, others]; 0 between families."""

    def near(of: str, reach: float) -> Array:
        a, b = (np.log([float(getattr(one.facts, of)) for one in side]) for side in (some, others))
        close: Array = np.exp(-0.5 * ((a[:, None] - b[None]) / reach) ** 2)
        return close

    family = _among([one.facts.family for one in some], [one.facts.family for one in others])
    phone = _among([one.line for one in some], [one.line for one in others])
    alike = near("gmacs", NEAR_GMACS) * near("size", NEAR_SIZE)
    return family * (FAMILY**2 + NEAR_IN_FAMILY**2 * alike + FAMILY_ON_PHONE**2 * phone)
