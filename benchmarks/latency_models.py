"""How well latencies of whole models are estimated: `python benchmarks/latency_models.py [--refit] [QUESTION ...]`.

A question is model, family or phone. Reads the shipped tables only: each row has its residual from when its model, or
its family, was held out. `--refit` fits every cell again without each fold instead, which takes minutes and needs
scipy. Prints for each question the median and 90th percentile of the relative error, of all rows and by phone, and of
90 % intervals the coverage and the median of high/low. Rows that a throttled phone made are left out.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from latency_db.coverage import quantile
from latency_db.end_to_end.anchors import mixture
from latency_db.end_to_end.cells import Cell, EndToEnd, shipped
from latency_db.end_to_end.intervals import composition, difficulty
from latency_db.fitting.end_to_end import folds

Array = NDArray[np.float64]

ANCHORS = 10


@dataclass
class Rows:
    """Held-out rows; each list has one array for each cell."""

    residuals: list[Array] = field(default_factory=list)
    difficulties: list[Array] = field(default_factory=list)
    groups: list[NDArray[np.str_]] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)

    def add(self, cell: Cell, residual: Array, hard: Array, group: NDArray[np.str_]) -> None:
        self.residuals.append(residual)
        self.difficulties.append(hard)
        self.groups.append(group)
        self.phones += [cell.id.device] * len(residual)


def error(residuals: Array) -> Array:
    """|estimated / measured - 1| of ln(measured / estimated)"""
    return np.abs(np.exp(-residuals) - 1)


def held_out_rows(table: EndToEnd, group_of: Mapping[str, str], residuals_of: Callable[[Cell], Array]) -> Rows:
    """All rows that were measured in good order, with the residuals of each cell where its group was held out."""
    rows = Rows()
    for cell in table.cells.values():
        features = table.features_of(cell)
        made_of = composition(features, features)
        groups = np.array([group_of[model] for model in cell.models])
        residual = residuals_of(cell)
        hard = difficulty(made_of, made_of, residual, groups[:, None] == groups)
        rows.add(cell, residual[~cell.slow], hard[~cell.slow], groups[~cell.slow])
    return rows


def describe(question: str, residuals: Array, phones: list[str]) -> None:
    def figures(of: Array) -> str:
        return f"median {np.median(of):6.1%}  p90 {np.quantile(of, 0.9):6.1%}  {len(of):6d} rows"

    errors = error(residuals)
    print(f"{question:<34}{figures(errors)}")
    by_phone = defaultdict[str, list[float]](list)
    for phone, one in zip(phones, errors, strict=True):
        by_phone[phone].append(float(one))
    for phone, some in sorted(by_phone.items()):
        print(f"  {phone:<32}{figures(np.array(some))}")


def intervals(rows: Rows) -> tuple[float, float]:
    """Coverage and median high/low of 90 % intervals, each group's from the residuals of the other groups."""
    residuals, hard, groups = (np.concatenate(one) for one in (rows.residuals, rows.difficulties, rows.groups))
    within = np.empty(len(residuals), bool)
    half = np.empty(len(residuals))
    for group in np.unique(groups):
        out = groups == group
        half[out] = quantile(np.abs(residuals[~out]) / hard[~out]) * hard[out]
        within[out] = np.abs(residuals[out]) <= half[out]
    return float(within.mean()), float(np.median(np.exp(2 * half)))


def describe_intervals(rows: Rows) -> None:
    coverage, width = intervals(rows)
    print(f"  90 % intervals: coverage {coverage:.1%}, high/low {width:.2f}")


def refitted(table: EndToEnd, group_of: Mapping[str, str]) -> Callable[[Cell], Array]:
    """Residuals of a cell that is fitted without each group in turn."""
    from latency_db.fitting.roofline import held_out

    def residuals(cell: Cell) -> Array:
        groups = [group_of[model] for model in cell.models]
        return held_out(table.features_of(cell), cell.milliseconds, ~cell.slow, groups)

    return residuals


def new_model(table: EndToEnd, refit: bool) -> None:
    fold = folds(table.models)
    rows = held_out_rows(table, fold, refitted(table, fold) if refit else attrgetter("model_residuals"))
    describe("new model (10 folds)", np.concatenate(rows.residuals), rows.phones)
    describe_intervals(rows)


def new_family(table: EndToEnd, refit: bool) -> None:
    family = {name: model.family for name, model in table.models.items()}
    rows = held_out_rows(table, family, refitted(table, family) if refit else attrgetter("family_residuals"))
    describe("new family (each left out)", np.concatenate(rows.residuals), rows.phones)
    describe_intervals(rows)


def new_phone(table: EndToEnd, refit: bool) -> None:
    describe(f"new phone, {ANCHORS} anchor models", *new_phone_residuals(table))


def new_phone_residuals(table: EndToEnd) -> tuple[Array, list[str]]:
    """Of each cell from ten of its models, by chance, and the cells of other phones with its runtime; with the phone
    of each."""
    chance = np.random.default_rng(0)
    residuals, phones = [], []
    for cell in table.cells.values():
        others = [
            other
            for other in table.cells.values()
            if other.id.device != cell.id.device
            and (other.id.runtime, other.id.version) == (cell.id.runtime, cell.id.version)
        ]
        good = {m: t for m, t, slow in zip(cell.models, cell.milliseconds, cell.slow, strict=True) if not slow}
        anchors = {str(model): good[model] for model in chance.choice(sorted(good), ANCHORS, replace=False)}
        mixed = mixture(anchors, others)
        for model, milliseconds in good.items():
            if model not in anchors:
                estimated = mixed.of_model(model)
                if estimated is None:  # not measured on each of the phones that the mixture is of
                    estimated = float(table.features[model, cell.id.runtime, cell.id.unit] @ mixed.coefficients)
                residuals.append(np.log(milliseconds / estimated))
                phones.append(cell.id.device)
    return np.array(residuals), phones


QUESTIONS = {"model": new_model, "family": new_family, "phone": new_phone}

if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if name != "--refit"]
    for name in names or QUESTIONS:
        QUESTIONS[name](shipped(), "--refit" in sys.argv)
