"""A workload by the roofline of a cell of its device: `latency_db.end_to_end` for whichever cell fits best."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from latency_db.end_to_end.cells import Cell, CellEstimate, EndToEnd, shipped
from latency_db.estimator.estimate import Estimate
from latency_db.estimator.question import HOST, Question
from latency_db.estimator.shares import ROOFLINE, USUAL, divided

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


FAR = 10.0
"""Times as much of a feature as any model of a cell has, from which on its price is no longer that of the same thing:
a CNN's one linear layer costs its launch, and a transformer's would each cost as much for every row"""
MOST_FAR = 0.5
"""Share of a workload, by its roofline, that may be so far out; a cell with more does not answer"""


@dataclass(frozen=True)
class Priced:
    """A cell with prices for all that any version of its runtime was timed with on that phone and those cores."""

    cell: Cell
    coefficients: Array
    """[features] ms; of what this version's models have none of, those of another version"""

    def estimated(self, table: EndToEnd, graphs: Array, new_family: bool = True) -> CellEstimate:
        """Graphs [graphs, features]; intervals are as wide as if nothing were borrowed."""
        return table.estimated(replace(self.cell, coefficients=self.coefficients), graphs, new_family)


@lru_cache(maxsize=1024)
def priced(table: EndToEnd, cell: Cell) -> Priced:
    """A cell with what its sisters of other versions know besides."""
    key = replace(cell.id, version="")
    sisters = [other for other in table.cells.values() if replace(other.id, version="") == key and other is not cell]
    coefficients, missing = cell.coefficients.copy(), ~seen(table, cell)
    for sister in sisters:
        lent = missing & seen(table, sister)
        coefficients[lent] = sister.coefficients[lent]
        missing &= ~lent
    return Priced(cell, coefficients)


def nearest_version(table: EndToEnd, cells: list[Cell], graphs: Array) -> Cell:
    """Of cells that differ in version, that whose models are most like the graphs [graphs, features]."""
    if len(cells) == 1:
        return cells[0]
    rows = tuple(map(tuple, graphs.tolist()))
    return min(cells, key=lambda cell: _unlike(table, cell, rows))


@lru_cache(maxsize=1 << 14)
def _unlike(table: EndToEnd, cell: Cell, graphs: tuple[tuple[float, ...], ...]) -> tuple[int, float]:
    """How many features no model of the cell has, and how wide the interval is. Kept: no device changes it."""
    found = table.estimated(cell, np.array(graphs))
    return int(found.unseen.any(axis=0).sum()), float(np.max(np.log(found.high / np.maximum(found.low, 1e-12))))


def answers(cell: Cell, question: Question) -> bool:
    """Whether a cell is of the device and conditions that are asked."""
    key, asked = cell.id, question.conditions
    return (
        (key.device, key.runtime, key.unit) == (question.device, question.runtime, question.unit)
        and key.cores == asked.cores
        and key.precision == cell_precision(question)
        and asked.runtime_version in ("", key.version)
    )  # fmt: skip


def own_cell(question: Question) -> Priced | None:
    """The cell of the device and conditions that are asked, if it has timed anything like what is asked."""
    table = shipped()
    cells = [cell for cell in table.cells.values() if answers(cell, question)]
    if not cells:
        return None
    found = priced(table, nearest_version(table, cells, question.features))
    return found if far_share(table, found, question.features[0]) <= MOST_FAR else None


def nearest_coefficients(question: Question) -> Array:
    """[features] by which to share out a total: those of the device's own cell, else what things usually cost."""
    found = None if question.device == HOST else own_cell(question)
    return USUAL if found is None else found.coefficients


def from_roofline(question: Question) -> Estimate | None:
    """By the features of its graphs; None where nothing like it was timed on the device."""
    found = own_cell(question)
    return of_cell(question, found) if found else None


def of_cell(question: Question, found: Priced) -> Estimate | None:
    """The roofline of a cell, whatever is asked for; None where all of that costs nothing there."""
    table, cell = shipped(), found.cell
    if not (question.features @ found.coefficients).any():
        return None
    known_family = question.workload.facts is not None and question.workload.facts.family in {
        table.models[model].family for model in cell.models
    }
    whole = found.estimated(table, question.features, new_family=not known_family)
    total = float(whole.milliseconds[0]), float(whole.low[0]), float(whole.high[0])
    reason = f"{len(cell.models)} models timed on {cell_name(cell)}"
    if unseen := whole.unseen_names(0):
        reason += f"; none of them has {', '.join(unseen)}: interval widened"
    kernels = divided(question.kernels, total, found.coefficients, ROOFLINE)
    coverage = seen_share(question.features[0], found.coefficients, whole.unseen[0])
    return Estimate(*total, "roofline of the cell", reason, coverage, kernels, question.conditions)


def far_share(table: EndToEnd, priced: Priced, features: Array) -> float:
    """Share of a graph's time, by its features, in those of which it has far more than any model of the cell."""
    most = table.features_of(priced.cell)[~priced.cell.slow].max(0)
    far = (most > 0) & (features > FAR * most)
    costs = features * priced.coefficients
    return float(costs[far].sum() / costs.sum()) if costs.any() else 1.0


def seen_share(features: Array, coefficients: Array, unseen: NDArray[np.bool_]) -> float:
    """Share of a graph's time, by its features, in what the models of the cell have, too."""
    costs = features * coefficients
    return float(costs[~unseen].sum() / costs.sum())


@lru_cache(maxsize=1024)
def seen(table: EndToEnd, cell: Cell) -> NDArray[np.bool_]:
    """[features] that some model of the cell has"""
    return table.features_of(cell)[~cell.slow].max(0) > 0


def cell_name(cell: Cell) -> str:
    """In words for the user."""
    words = (cell.id.device, f"{cell.id.runtime} {cell.id.version}", cell.id.unit, cell.id.cores, cell.id.precision)
    return " ".join(filter(None, words))


def cell_precision(question: Question) -> str:
    """The precision of the cells and tables that answer: fp16 was not timed apart. Under TFLite it is hardly another:
    its GPU delegate computes a model in fp32 in fp16 where it is left its default, and on CPUs weights in fp16 are made
    fp32 before anything runs. Of other runtimes that is a guess; every answer says so."""
    return "fp32" if question.precision == "fp16" else question.precision
