"""`vitexport latency import`: latencies that a user has, into the database."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from exporter.cli.options import json_option
from exporter.cli.tables import print_json, print_line, print_table
from exporter.errors import LatencyError
from exporter.latency.refusals import as_mistakes
from latency_db.importers.reading import READERS, read_file
from latency_db.measurement import Measurement

BY_ENDING = {".csv": "csv", ".json": "app", ".whl": "qai", ".txt": "mlperf"}
"""Of a file -> its kind, unless another is named"""


@click.command(
    "import", help="Add the latencies in each FILE to the database: all of them, or where one is bad, none of any file."
)
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--kind",
    type=click.Choice(sorted(READERS)),
    help=f"What each FILE is. Default: by its ending, {', '.join(f'{e} {k}' for e, k in BY_ENDING.items())}.",
)
@click.option("--db", "url", metavar="URL", help="Database of latencies. Default: your own, made where there is none.")
@json_option
def import_latencies(files: tuple[Path, ...], kind: str | None, url: str | None, as_json: bool) -> None:
    """Read everything before anything is stored."""
    from latency_db import store

    with as_mistakes():
        measurements = [one for path in files for one in read_file(kind or kind_of(path), path)]
        with store.open(url) as opened:
            opened.add(measurements)
    added = rows_added(measurements)
    if as_json:
        print_json([{"device": d, "runtime": r, "source": s, "rows": n} for (d, r, s), n in added.items()])
        return
    print_table(("device", "runtime", "source", "rows>"), ((*key, rows) for key, rows in added.items()))
    print_line()
    print_line(f"{len(measurements):,} latencies were added.")


def kind_of(path: Path) -> str:
    """By the ending of its name; raises `LatencyError` for one that says nothing."""
    kind = "mlperf" if path.is_dir() else BY_ENDING.get(path.suffix.lower())
    if kind is None:
        raise LatencyError(f"{path} does not say by its ending what it is: pass --kind, one of {', '.join(READERS)}.")
    return kind


def rows_added(measurements: list[Measurement]) -> dict[tuple[str, str, str], int]:
    """(device, runtime, source) -> how many"""
    counted = Counter((one.device.id, one.conditions.runtime or "", one.source.reference) for one in measurements)
    return dict(sorted(counted.items()))
