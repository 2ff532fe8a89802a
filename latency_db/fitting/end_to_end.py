"""Makes `latency_db/data/end_to_end` from public files: `python -m latency_db.fitting.end_to_end CSV GRAPHS`.

CSV is the end-to-end table of github qed-usc/mobile-ml-benchmark @ c864a33 (MIT) in one file; GRAPHS is the folder that
`python -m exporter.bench.index.published_graphs GRAPHS` writes. A model without a graph is left out. Takes minutes:
each cell is fitted once for every fold and every family.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latency_db.coverage import quantile
from latency_db.device_ids import device_id
from latency_db.end_to_end.cells import TABLES, CellId
from latency_db.end_to_end.features import NAMES, of_kernel
from latency_db.end_to_end.intervals import composition, difficulty
from latency_db.fitting.roofline import fitted, held_out
from latency_db.kernel import Kernel
from latency_db.shipped_tables import compressed

Array = NDArray[np.float64]

RUNTIMES = {"TFLite": "tflite", "PyTorch Mobile": "pytorch"}
PRECISIONS = {"float": "fp32", "int8": "int8"}
FOLDS = 10
_SLOWER_THAN_ONE = 2.5
"""Times as slow as one large core from which on several cores, a large one among them, were not measured in order: 12
rows of the Galaxy S10's "1large2med" are 2.8 to 22 times as slow, all other rows of all phones at most 2.4 times."""


@dataclass(frozen=True)
class Measured:
    """A row of the published table."""

    cell: CellId
    model: str
    milliseconds: float
    deviation: float
    flops: float


@dataclass(frozen=True)
class Graph:
    """A model's graph as one runtime cuts it."""

    family: str
    size: int
    kernels: Mapping[str, int]
    """Key -> how often"""

    @property
    def features(self) -> Array:
        return np.sum([count * of_kernel(Kernel.of_key(key)) for key, count in self.kernels.items()], axis=0)


Graphs = Mapping[tuple[str, str, str], Graph]
"""(model, runtime, compute unit) -> its graph"""


def measurements(path: Path) -> list[Measured]:
    """The rows of the published table."""
    found = []
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            runtime, _, version = row["runtime"].rpartition(" ")
            unit, precision = row["compute_unit"].lower(), PRECISIONS[row["precision"]]
            cell = CellId(device_id(row["device"]), RUNTIMES[runtime], version, unit, row["cores"], precision)
            found.append(
                Measured(cell, row["model"], float(row["latency_ms"]), float(row["std_ms"]), float(row["flops"]))
            )
    return found


def graphs(folder: Path) -> Graphs:
    """The graphs that `exporter.bench.index.published_graphs` cut."""
    found: dict[tuple[str, str, str], Graph] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                name = row["model"], row["runtime"], row["unit"]
                graph = found.setdefault(name, Graph(row["family"], int(row["size"]), {}))
                found[name] = Graph(
                    graph.family, graph.size, {**graph.kernels, row["kernel"]: int(row["count"])}
                )  # fmt: skip
    return found


def slow(rows: Sequence[Measured]) -> set[tuple[CellId, str]]:
    """Rows with several cores, the first of them large, that are slower than one large core can be."""

    def place(cell: CellId, cores: str) -> tuple[str, ...]:
        return cell.device, cell.runtime, cell.version, cell.precision, cores

    one = {(*place(row.cell, row.cell.cores), row.model): row.milliseconds for row in rows}
    return {
        (row.cell, row.model)
        for row in rows
        if "large" in row.cell.cores
        and row.milliseconds > _SLOWER_THAN_ONE * one.get((*place(row.cell, "1large"), row.model), np.inf)
    }


def folds(models: Iterable[str]) -> dict[str, str]:
    """Model -> one of ten folds, by chance and always the same."""
    names = sorted(models)
    order = np.random.default_rng(0).permutation(len(names))
    return {name: str(place % FOLDS) for name, place in zip(names, order, strict=True)}


def main(table: Path, folder: Path, out: Path = TABLES) -> None:
    cut = graphs(folder)
    known = {model: graph for (model, _, _), graph in cut.items()}
    rows = [row for row in measurements(table) if row.model in known]
    out_of_order = slow(rows)
    by_cell: dict[CellId, list[Measured]] = {}
    for row in rows:
        by_cell.setdefault(row.cell, []).append(row)
    out.mkdir(parents=True, exist_ok=True)
    _write_graphs(out, cut)
    _write_models(out, rows, known)
    _write_cells(out, by_cell, out_of_order, cut)


def _write_graphs(out: Path, cut: Graphs) -> None:
    keys = sorted({key for graph in cut.values() for key in graph.kernels})
    number = {key: place for place, key in enumerate(keys)}
    (out / "kernels.csv.gz").write_bytes(compressed(["kernel"], ([key] for key in keys)))
    lines = (
        [*name, " ".join(f"{number[key]}*{count}" for key, count in sorted(graph.kernels.items()))]
        for name, graph in sorted(cut.items())
    )
    (out / "graphs.csv.gz").write_bytes(compressed(["model", "runtime", "unit", "kernels"], lines))
    write_features(out, {name: graph.features for name, graph in cut.items()})


def write_features(out: Path, features: Mapping[tuple[str, str, str], Array]) -> None:
    """The table of graphs' features [features] by model, runtime and unit, without which each would be counted again
    from thousands of kernels whenever the tables are read."""
    lines = ([*name, *(f"{value:.9g}" for value in row)] for name, row in sorted(features.items()))
    (out / "features.csv.gz").write_bytes(compressed(["model", "runtime", "unit", *NAMES], lines))


def _write_models(out: Path, rows: Sequence[Measured], known: Mapping[str, Graph]) -> None:
    flops = {(row.model, row.cell.runtime): f"{row.flops:.0f}" for row in rows}
    lines = (
        [name, graph.family, graph.size, flops.get((name, "tflite"), ""), flops.get((name, "pytorch"), "")]
        for name, graph in sorted(known.items())
    )
    (out / "models.csv.gz").write_bytes(compressed(["model", "family", "size", "tflite", "pytorch"], lines))


def _write_cells(
    out: Path, by_cell: Mapping[CellId, list[Measured]], out_of_order: set[tuple[CellId, str]], cut: Graphs
) -> None:
    features = {name: graph.features for name, graph in cut.items()}
    fold = folds({name for name, _, _ in cut})
    family = {name: graph.family for (name, _, _), graph in cut.items()}
    cells, lines = [], []
    residuals: dict[str, list[Array]] = {"model": [], "family": []}
    difficulties: dict[str, list[Array]] = {"model": [], "family": []}
    for place, (cell, rows) in enumerate(sorted(by_cell.items(), key=lambda item: str(item[0]))):
        matrix = np.stack([features[row.model, cell.runtime, cell.unit] for row in rows])
        milliseconds = np.array([row.milliseconds for row in rows])
        usable = np.array([(cell, row.model) not in out_of_order for row in rows])
        made_of = composition(matrix, matrix)
        held = []
        for kind, group in (("model", fold), ("family", family)):
            groups = [group[row.model] for row in rows]
            residual = held_out(matrix, milliseconds, usable, groups)
            apart = np.array(groups)[:, None] == np.array(groups)
            residuals[kind].append(residual[usable])
            difficulties[kind].append(difficulty(made_of, made_of, residual, apart)[usable])
            held.append(residual)
        cells.append([*vars(cell).values(), *(f"{one:.5g}" for one in fitted(matrix[usable], milliseconds[usable]))])
        lines += [
            [
                place,
                row.model,
                f"{row.milliseconds:g}",
                f"{row.deviation:g}",
                int(not good),
                *(f"{r:.3f}" for r in both),
            ]
            for row, good, both in zip(rows, usable, np.transpose(held), strict=True)
        ]
        print(*vars(cell).values(), flush=True)
    widths = [
        f"{quantile(np.abs(np.concatenate(residuals[kind])) / np.concatenate(difficulties[kind])):.4f}"
        for kind in residuals
    ]
    columns = [*CellId.__dataclass_fields__, *NAMES, "model_quantile", "family_quantile"]
    (out / "cells.csv.gz").write_bytes(compressed(columns, ([*cell, *widths] for cell in cells)))
    columns = ["cell", "model", "latency_ms", "std_ms", "slow", "model_residual", "family_residual"]
    (out / "measurements.csv.gz").write_bytes(compressed(columns, lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
