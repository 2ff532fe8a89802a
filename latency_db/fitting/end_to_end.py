"""Makes `latency_db/data/end_to_end` from public files: `python -m latency_db.fitting.end_to_end CSV GRAPHS`.

CSV is the end-to-end table of github qed-usc/mobile-ml-benchmark @ c864a33 (MIT) in one file; GRAPHS is the folder that
`python -m exporter.bench.published_graphs GRAPHS` writes. A model without a graph is left out. Takes minutes: each cell
is fitted once for every fold and every family.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latency_db.cells import DATA, CellId
from latency_db.fitting.roofline import fitted, held_out
from latency_db.graph_features import NAMES, of_kernel
from latency_db.kernel import Kernel
from latency_db.model_intervals import composition, difficulty, quantile

Array = NDArray[np.float64]

DEVICES = {
    "Google Pixel 4": "pixel4",
    "Samsung Galaxy S10": "galaxy_s10",
    "Samsung Galaxy A03s": "galaxy_a03s",
    "Apple iPhone XS": "iphone_xs",
    "Motorola One Fusion": "motorola_one_fusion",
    "Xiaomi Mi 8 SE": "mi8_se",
    "Apple iPhone 7": "iphone7",
}
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
            cell = CellId(DEVICES[row["device"]], RUNTIMES[runtime], version, unit, row["cores"], precision)
            found.append(
                Measured(cell, row["model"], float(row["latency_ms"]), float(row["std_ms"]), float(row["flops"]))
            )
    return found


def graphs(folder: Path) -> Graphs:
    """The graphs that `exporter.bench.published_graphs` cut."""
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


def main(table: Path, folder: Path, out: Path = DATA) -> None:
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
    _write(out / "kernels.csv.gz", ["kernel"], ([key] for key in keys))
    lines = (
        [*name, " ".join(f"{number[key]}*{count}" for key, count in sorted(graph.kernels.items()))]
        for name, graph in sorted(cut.items())
    )
    _write(out / "graphs.csv.gz", ["model", "runtime", "unit", "kernels"], lines)


def _write_models(out: Path, rows: Sequence[Measured], known: Mapping[str, Graph]) -> None:
    flops = {(row.model, row.cell.runtime): f"{row.flops:.0f}" for row in rows}
    lines = (
        [name, graph.family, graph.size, flops.get((name, "tflite"), ""), flops.get((name, "pytorch"), "")]
        for name, graph in sorted(known.items())
    )
    _write(out / "models.csv.gz", ["model", "family", "size", "tflite", "pytorch"], lines)


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
        f"{quantile(np.concatenate(residuals[kind]), np.concatenate(difficulties[kind])):.4f}" for kind in residuals
    ]
    columns = [*CellId.__dataclass_fields__, *NAMES, "model_quantile", "family_quantile"]
    _write(out / "cells.csv.gz", columns, ([*cell, *widths] for cell in cells))
    columns = ["cell", "model", "latency_ms", "std_ms", "slow", "model_residual", "family_residual"]
    _write(out / "measurements.csv.gz", columns, lines)


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """The same rows make the same bytes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    path.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
