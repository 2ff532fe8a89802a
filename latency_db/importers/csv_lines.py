"""Lines of a CSV as dictionaries with their numbers, and their cells as numbers, refused where they are none."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from latency_db.importers.refusal import ImportRefused

Line = tuple[int, dict[str, str]]


def lines(path: Path) -> tuple[Sequence[str], Iterator[Line]]:
    """The columns of a CSV, and its lines with their numbers, counted from 1, the header's. Raises `ImportRefused`."""
    text = path.read_bytes().decode("utf-8-sig")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    with refused_csv(path, reader):
        columns = reader.fieldnames or []
    if twice := next((name for name in columns if columns.count(name) > 1), None):
        raise ImportRefused(path, 1, f"the column {twice!r} is there twice: leave one out")
    return columns, _lines(path, reader)


def _lines(path: Path, reader: csv.DictReader[str]) -> Iterator[Line]:
    while True:
        with refused_csv(path, reader):
            line: dict[str | None, str | None] | None = next(reader, None)
        if line is None:
            return
        if None in line or None in line.values():
            raise ImportRefused(
                path, reader.line_num, f"it has not the {len(reader.fieldnames or [])} cells of the header"
            )
        yield reader.line_num, {str(name): str(cell) for name, cell in line.items()}


@contextmanager
def refused_csv(path: Path, reader: csv.DictReader[str]) -> Iterator[None]:
    try:
        yield
    except csv.Error as error:
        raise ImportRefused(path, reader.line_num, f"it is no CSV: {error}") from None


def number(path: Path, line: int, cells: Mapping[str, str], column: str) -> float | None:
    """The cell as a finite number, None where it is empty. Raises `ImportRefused`."""
    cell = cells.get(column, "")
    if not cell:
        return None
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ImportRefused(path, line, f"{column} is {cell!r}, which is no number")
    return value


def whole(path: Path, line: int, cells: Mapping[str, str], column: str) -> int | None:
    """The cell as a whole number, None where it is empty. Raises `ImportRefused`."""
    value = number(path, line, cells, column)
    if value is not None and value != int(value):
        raise ImportRefused(path, line, f"{column} is {cells[column]!r}, which is no whole number")
    return None if value is None else int(value)
