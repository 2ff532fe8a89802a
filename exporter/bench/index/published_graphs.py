"""Cuts the models of the published end-to-end latencies into kernels.

    python -m exporter.bench.index.published_graphs OUT

Writes OUT/MODEL.csv for each, with as many lines as it has different kernels, and leaves a file that is there as it is:
a run that was stopped goes on. `latency_db/fitting/end_to_end.py` reads them. It takes minutes and needs the extra
`fitting`.
"""

from __future__ import annotations

import csv
import gc
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.bench.index.published_models import PUBLISHED, PublishedModel
from exporter.operations.kernels import FUSIONS, kernels

if TYPE_CHECKING:
    from torch.export import ExportedProgram

CUTS = tuple((runtime, unit) for runtime in ("tflite", "pytorch") for unit in ("cpu", "gpu"))
"""The runtimes and compute units of the published latencies"""

Row = tuple[str, str, int, str, str, int, str]
COLUMNS = ("model", "family", "size", "runtime", "unit", "count", "kernel")


def program_of(name: str, model: PublishedModel) -> ExportedProgram:
    """A model's program for one image [1, 3, size, size], with weights of no value."""
    import torch

    with torch.device("meta"):
        network = model.build(name).eval()
    # The reader of programs shows constants as arrays; memory that nobody writes to costs nothing.
    network = network.to_empty(device="cpu")
    return torch.export.export(network, (torch.zeros(1, 3, model.size, model.size),), strict=False)


def rows_of(name: str, model: PublishedModel, program: ExportedProgram) -> list[Row]:
    """A program's kernels as each runtime runs them, with how often each is there."""
    from exporter.operations.of_program import operations, returned

    calls, results = list(operations(program)), returned(program)
    return [
        (name, model.family, model.size, runtime, unit, count, key)
        for runtime, unit in CUTS
        for key, count in Counter(made.key for made in kernels(calls, results, FUSIONS[runtime, unit])).items()
    ]


def write(path: Path, rows: Sequence[Sequence[object]], columns: Sequence[str] = COLUMNS) -> None:
    """A file that is there is whole."""
    unfinished = path.with_suffix(".part")
    with unfinished.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    unfinished.replace(path)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in PUBLISHED.items():
        path = folder / f"{name}.csv"
        if path.exists():
            continue
        write(path, rows_of(name, model, program_of(name, model)))
        gc.collect()
        print(name, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
