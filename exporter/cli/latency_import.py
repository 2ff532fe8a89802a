"""`vitexport latency import`: latencies that a user has, into the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

import device_profiles
from exporter.cli.options import db_option, json_option
from exporter.cli.tables import UNKNOWN, first_few, print_json, print_line, print_table
from exporter.errors import LatencyError
from exporter.latency.refusals import as_mistakes
from latency_db.importers.app_json import SELF_TEST_FAILED
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
@click.option(
    "--bundle",
    "bundles",
    multiple=True,
    metavar="BUNDLE",
    type=click.Path(path_type=Path),
    help="A bundle that an app timed. Repeatable. Default: those beside FILE.",
)
@db_option
@json_option
def import_latencies(
    files: tuple[Path, ...], kind: str | None, bundles: tuple[Path, ...], url: str | None, as_json: bool
) -> None:
    """Read everything before anything is stored."""
    from latency_db import store

    with as_mistakes():
        read = [one for path in files for one in read_file(kind or kind_of(path), path, bundles)]
        with store.open(url) as opened:
            new = opened.missing(read)
            opened.add(new)
    added, all_rows = rows_by_origin(new), rows_by_origin(read)
    rows = [(*origin, added[origin], count - added[origin]) for origin, count in all_rows.items()]
    if as_json:
        names = ("device", "runtime", "source", "rows", "known")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    print_table(("device", "runtime", "source", "rows>", "known before>"), rows)
    print_line()
    known = len(read) - len(new)
    added_words = "1 latency was added" if len(new) == 1 else f"{len(new):,} latencies were added"
    print_line(added_words + (f"; {known:,} known before." if known else "."))
    for doubt in doubts(read):
        print_line(doubt, style=UNKNOWN)


def doubts(measurements: Sequence[Measurement]) -> Iterator[str]:
    """What whoever imports rows should know of them: that nothing asks for them, or that they are not believed."""
    unknown = [device for device in sorted({one.device.id for one in measurements}) if not _is_known(device)]
    if unknown:
        yield (
            f"No target asks for {first_few(unknown)}, which no device of `vitexport devices` is called: "
            "if one of those is meant, put its name right in the file."
        )
    if any(SELF_TEST_FAILED in one.note for one in measurements):
        yield "The self-test of what was timed had failed: these latencies are kept, and answer for nothing."


def _is_known(device: str) -> bool:
    try:
        device_profiles.load(device)
    except device_profiles.UnknownDevice:
        return False
    return True


def kind_of(path: Path) -> str:
    """By the ending of its name; raises `LatencyError` for one that says nothing."""
    kind = "mlperf" if path.is_dir() else BY_ENDING.get(path.suffix.lower())
    if kind is None:
        raise LatencyError(f"{path} does not say by its ending what it is: pass --kind, one of {', '.join(READERS)}.")
    return kind


def rows_by_origin(measurements: Sequence[Measurement]) -> Counter[tuple[str, str, str]]:
    """(device, runtime, source) -> how many, in order"""
    origins = [(one.device.id, one.conditions.runtime or "", one.source.reference) for one in measurements]
    return Counter(sorted(origins))
