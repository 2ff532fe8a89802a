"""Cuts the registered models into kernels: `python -m exporter.bench.index.registered_graphs OUT [MODEL…]`.

Writes OUT/MODEL-SIZE.csv for each model and size, and leaves a file that is there as it is: a run that was stopped goes
on. `latency_db/fitting/registered.py` makes the shipped index of them. All models take a quarter of an hour on a core.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from exporter.bench.index.published_graphs import write
from exporter.models.registry import ModelInfo, create_model, list_models, model_info
from exporter.operations.kernels import FUSIONS, kernels

CLASSIFIER_SIZES = (128, 160, 192, 224, 256, 288, 320, 384, 512)
TRACKER_SIZES = (256, 384, 512, 768, 1024)
"""Image sizes that people export: what the families were trained at, what publications timed, and steps between."""


@dataclass(frozen=True)
class Row:
    """A kernel of a graph, as one runtime on one compute unit runs it."""

    model: str
    family: str
    parameters: int
    top1: float | None
    usual_size: int
    size: int
    graph: str
    runtime: str
    unit: str
    count: int
    kernel: str


def sizes_of(info: ModelInfo) -> tuple[int, ...]:
    """The sizes in pixels at which a model is in the index.

    A tracker with a size in its name is there at that one: its sister without has the same graphs at the others.
    """
    if info.own_image_size and not info.shipped:
        return (info.image_size,)
    return TRACKER_SIZES if info.family.task == "track" else CLASSIFIER_SIZES


def rows_of(name: str, size: int) -> Iterator[Row]:
    """The kernels of a model's graphs in the order in which they first come, with how often each is there.

    One for each graph and each (runtime, compute unit) of `FUSIONS`.
    """
    from exporter.graphs.cut import graphs_of
    from exporter.operations.of_program import operations, returned

    info, network = model_info(name), create_model(name, size)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    model = (info.name, info.family.name, parameters, info.top1, info.image_size)
    for graph in graphs_of(network):
        calls, results = list(operations(graph.program)), returned(graph.program)
        for (runtime, unit), fusion in FUSIONS.items():
            counts = Counter(made.key for made in kernels(calls, results, fusion))
            for key, count in counts.items():
                yield Row(*model, size, graph.name, runtime, unit, count, key)


def main(folder: Path, models: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for info in map(model_info, models or list_models()):
        for size in sizes_of(info):
            path = folder / f"{info.name}-{size}.csv"
            if not path.exists():
                write(path, list(map(astuple, rows_of(info.name, size))), [field.name for field in fields(Row)])
                gc.collect()
                print(path.stem, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
