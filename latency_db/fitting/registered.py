"""Makes the index of registered models, `latency_db/data/registered`: `python -m latency_db.fitting.registered GRAPHS`.

GRAPHS is the folder that `python -m exporter.bench.index.registered_graphs GRAPHS` writes. What several models,
runtimes or compute units have alike stands there once.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from latency_db.fitting.published_names import OF_SIZE, family_of
from latency_db.published.coreml_models import Kind
from latency_db.registered import TABLES, RegisteredModel
from latency_db.shipped_tables import compressed

FRAMES = (("classify",), ("encode_image", "track_step"))
"""Graphs that run for each image or frame: those of a classifier, or of a tracker"""

Cut = tuple[str, str]
"""Graph, and "RUNTIME/UNIT" """


@dataclass(frozen=True)
class Captured:
    """A model at one size, as it was captured."""

    model: RegisteredModel
    graphs: Mapping[Cut, Mapping[str, int]]
    """Cut -> key of a kernel -> how often"""


def main(folder: Path, tables: Path = TABLES) -> None:
    """Read what was captured in one folder, write the index to another."""
    captured = [_read(path) for path in sorted(folder.glob("*.csv"))]
    numbers: dict[str, int] = {}
    graphs = list(_graphs(captured, numbers))
    models = [one.model for one in captured]
    texts = {
        "kernels": compressed(["kernel"], ([key] for key in numbers)),
        "graphs": compressed(["models", "size", "graph", "cuts", "kernels"], graphs),
        "models": compressed(
            ["model", "size", "published_as", "family", "kind", "params_m", "top1", "usual_size", "frame"],
            (
                (
                    one.name, one.size, one.published_as, one.family, one.kind, one.params_m, one.top1, one.usual_size,
                    " ".join(one.frame),
                ) for one in models
            ),
        ),
    }  # fmt: skip
    tables.mkdir(exist_ok=True)
    for name, text in texts.items():
        (tables / f"{name}.csv.gz").write_bytes(text)
    size = sum(map(len, texts.values()))
    print(f"{len(models)} models and sizes, {len(graphs)} graphs, {len(numbers)} kernels, {size} bytes")


def _read(path: Path) -> Captured:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    graphs: dict[Cut, dict[str, int]] = {}
    for row in rows:
        graphs.setdefault((row["graph"], f"{row['runtime']}/{row['unit']}"), {})[row["kernel"]] = int(row["count"])
    first = rows[0]
    name, size = first["model"], int(first["size"])
    family, kind = _family(name)
    names = {graph for graph, _ in graphs}
    model = RegisteredModel(
        name=name,
        size=size,
        published_as=published_name(name, size),
        family=family,
        kind=kind,
        params_m=round(int(first["parameters"]) / 1e6, 3),
        top1=float(first["top1"]) if first["top1"] else None,
        usual_size=int(first["usual_size"]),
        frame=next(frame for frame in FRAMES if names.issuperset(frame)),
    )
    return Captured(model, graphs)


def published_name(model: str, size: int) -> str:
    """What published rows call a registered model at a size: trackers have a name of their own at 512 pixels."""
    return OF_SIZE.get((model, size), model)


def _family(model: str) -> tuple[str, Kind]:
    found = family_of(model)
    if found is None:
        raise ValueError(f"{model} is of no family that is known: add it to `published_names.FAMILIES`.")
    return found


def _graphs(captured: Iterable[Captured], numbers: dict[str, int]) -> Iterator[tuple[str, int, str, str, str]]:
    """Models, size, graph, cuts and kernels of each different graph; kernels get `numbers` as they come."""
    models: dict[tuple[int, str, str, str], list[str]] = {}
    for one in captured:
        cuts: dict[tuple[str, str], list[str]] = {}
        for (graph, cut), kernels in one.graphs.items():
            text = " ".join(f"{numbers.setdefault(key, len(numbers))}*{count}" for key, count in kernels.items())
            cuts.setdefault((graph, text), []).append(cut)
        for (graph, text), alike in cuts.items():
            models.setdefault((one.model.size, graph, " ".join(alike), text), []).append(one.model.name)
    for (size, graph, alike_cuts, text), names in models.items():
        yield " ".join(names), size, graph, alike_cuts, text


if __name__ == "__main__":
    main(Path(sys.argv[1]))
