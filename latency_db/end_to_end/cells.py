"""Latencies of whole models on phones: as they were measured, else by the roofline of the cell.

A cell is a phone with a runtime, compute unit, choice of cores and precision. The tables in `data/end_to_end` have each
cell's measurements and coefficients; `latency_db/fitting/end_to_end.py` made them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from latency_db.coverage import runs_half_width
from latency_db.end_to_end.features import NAMES
from latency_db.end_to_end.intervals import composition, difficulty
from latency_db.shipped_tables import DATA, read_columns, read_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

TABLES = DATA / "end_to_end"

UNSEEN = 2.0
"""How much wider, in logarithms, the interval is of a graph with something that no graph of the cell has: assumed, for
no measurement is there to say"""


@dataclass(frozen=True)
class CellId:
    device: str
    runtime: str
    version: str
    unit: str
    cores: str
    """Such as "1large" or "4small"; "" of a GPU"""
    precision: str


@dataclass(frozen=True)
class PublishedModel:
    family: str
    size: int
    """Rows and columns of the image"""


@dataclass(frozen=True, eq=False)
class Cell:
    """What is known of one cell: arrays have one element for each measured model, in their order.

    One is equal to itself only, so that what follows from a cell can be kept.
    """

    id: CellId
    coefficients: Array
    """[features], ms for a unit of each"""
    models: tuple[str, ...]
    milliseconds: Array
    deviations: Array
    """ms, of single runs"""
    slow: NDArray[np.bool_]
    """A row that a throttled or busy phone must have made; not fitted and not answered with"""
    model_residuals: Array
    """ln(measured / estimated), the model held out"""
    family_residuals: Array
    """The same, its whole family held out"""
    model_quantile: float
    family_quantile: float


@dataclass(frozen=True)
class CellEstimate:
    """Of one or more graphs: ms, each [graphs]."""

    milliseconds: Array
    low: Array
    high: Array
    method: Literal["measured", "roofline of the cell"]
    unseen: NDArray[np.bool_]
    """[graphs, features] which are costed at nothing, because no graph that the cell was fitted to has them"""

    def unseen_names(self, graph: int) -> tuple[str, ...]:
        """Of the features, as `features.NAMES` has them."""
        return tuple(NAMES[place] for place in np.flatnonzero(self.unseen[graph]))


@dataclass(frozen=True, eq=False)
class EndToEnd:
    """The shipped tables, which are equal to themselves only."""

    models: Mapping[str, PublishedModel]
    cells: Mapping[CellId, Cell]
    features: Mapping[tuple[str, str, str], Array]
    """(model, runtime, compute unit) -> [features] of its graph as that runtime cuts it"""

    def features_of(self, cell: Cell) -> Array:
        """[measured models, features]"""
        return np.stack([self.features[model, cell.id.runtime, cell.id.unit] for model in cell.models])

    def measured(self, cell: Cell, model: str) -> CellEstimate | None:
        """What a model took there, with the span of nine runs in ten; None if it was not measured in good order."""
        if model not in cell.models or cell.slow[place := cell.models.index(model)]:
            return None
        mean = cell.milliseconds[[place]]
        times = np.exp(runs_half_width(mean, cell.deviations[[place]]))
        nothing_unseen = np.zeros((1, len(NAMES)), bool)
        return CellEstimate(mean, mean / times, mean * times, "measured", nothing_unseen)

    def estimated(self, cell: Cell, graphs: Array, new_family: bool = True) -> CellEstimate:
        """Graphs [graphs, features] by the cell's roofline.

        Intervals are those of graphs of families that the cell knows nothing of, unless `new_family` is False; those of
        graphs with something unseen are wider. Raises `ValueError` for a graph without kernels.
        """
        if not (has_kernels := graphs.any(axis=1)).all():
            raise ValueError(f"Graph {int(has_kernels.argmin())} has no kernels: leave it out, or cut it again.")
        known = self.features_of(cell)
        residuals = cell.family_residuals if new_family else cell.model_residuals
        quantile = cell.family_quantile if new_family else cell.model_quantile
        milliseconds = graphs @ cell.coefficients
        hard = difficulty(composition(graphs, known), composition(known, known), residuals)
        unseen = (graphs > 0) & (known[~cell.slow].max(0) == 0)
        half = np.exp(quantile * hard * np.where(unseen.any(axis=1), UNSEEN, 1.0))
        return CellEstimate(milliseconds, milliseconds / half, milliseconds * half, "roofline of the cell", unseen)


@lru_cache(maxsize=1)
def shipped() -> EndToEnd:
    """The tables of this package."""
    return read(TABLES)


def read(folder: Path) -> EndToEnd:
    """The tables in a folder."""
    graphs = read_columns(folder / "features.csv.gz")
    matrix = np.array([graphs[name] for name in NAMES], float).T
    features = dict(zip(zip(graphs["model"], graphs["runtime"], graphs["unit"], strict=True), matrix, strict=True))
    models = {
        row["model"]: PublishedModel(family=row["family"], size=int(row["size"]))
        for row in read_lines(folder / "models.csv.gz")
    }
    measured = read_columns(folder / "measurements.csv.gz")
    names = np.array(measured.pop("model"))
    numbers = {name: np.array(column, float) for name, column in measured.items()}
    cells = (
        _cell(row, names[lines], {name: column[lines] for name, column in numbers.items()})
        for number, row in enumerate(read_lines(folder / "cells.csv.gz"))
        for lines in [numbers["cell"] == number]
    )
    return EndToEnd(models, {cell.id: cell for cell in cells}, features)


def _cell(row: Mapping[str, str], models: NDArray[np.str_], measured: Mapping[str, Array]) -> Cell:
    names = ("device", "runtime", "version", "unit", "cores", "precision")
    return Cell(
        id=CellId(**{name: row[name] for name in names}),
        coefficients=np.array([float(row[name]) for name in NAMES]),
        models=tuple(models.tolist()),
        milliseconds=measured["latency_ms"],
        deviations=measured["std_ms"],
        slow=measured["slow"] > 0,
        model_residuals=measured["model_residual"],
        family_residuals=measured["family_residual"],
        model_quantile=float(row["model_quantile"]),
        family_quantile=float(row["family_quantile"]),
    )
