"""Reads and writes the shipped tables: gzip'd CSV in `data/`, whose lines may be the fields of a dataclass."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Row = TypeVar("Row", bound=DataclassInstance)

DATA = Path(__file__).parent / "data"
"""A folder for each room that has tables"""

_NUMBERS: dict[Any, Callable[[str], float | None]] = {
    int: int,
    float: float,
    int | None: lambda text: int(text) if text else None,
    float | None: lambda text: float(text) if text else None,
}


def read_table(name: str, row: type[Row]) -> tuple[Row, ...]:
    """The rows of a file in `data/published/`."""
    return rows_of((DATA / "published" / name).read_bytes(), row)


def rows_of(table: bytes, row: type[Row]) -> tuple[Row, ...]:
    """The rows that `table_bytes` made a table of; an empty cell of a number that may be None is None."""
    hints = get_type_hints(row)
    header, *lines = csv.reader(io.StringIO(gzip.decompress(table).decode()))
    columns = [
        map(_NUMBERS[hints[name]], column) if hints[name] in _NUMBERS else column
        for name, column in zip(header, zip(*lines, strict=True), strict=True)
    ]
    return tuple(row(**dict(zip(header, line, strict=True))) for line in zip(*columns, strict=True))


def read_columns(path: Path) -> dict[str, tuple[str, ...]]:
    """Column -> its cells, in the order of the lines, of a file that has some."""
    header, *lines = csv.reader(io.StringIO(gzip.decompress(path.read_bytes()).decode()))
    return dict(zip(header, zip(*lines, strict=True), strict=True))


def read_lines(path: Path) -> Iterator[dict[str, str]]:
    """Column -> cell of each line of a file."""
    return _lines(path.read_bytes())


def _lines(table: bytes) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(gzip.decompress(table).decode()))


def table_bytes(rows: Iterable[DataclassInstance], row: type[DataclassInstance]) -> bytes:
    """A gzip'd CSV of rows; the same rows give the same bytes."""
    names = [field.name for field in fields(row)]
    return compressed(names, ([getattr(one, name) for name in names] for one in rows))


def compressed(columns: Sequence[str], lines: Iterable[Sequence[object]]) -> bytes:
    """A gzip'd CSV with its header; None is an empty cell, and the same lines give the same bytes."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows(lines)
    return gzip.compress(text.getvalue().encode(), 9, mtime=0)
