"""Reads and writes the shipped tables of published latencies: gzip'd CSV, a column for each field of a dataclass."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterable
from dataclasses import fields
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Row = TypeVar("Row", bound=DataclassInstance)

_NUMBERS: dict[Any, Callable[[str], float | None]] = {
    int: int,
    float: float,
    int | None: lambda text: int(text) if text else None,
    float | None: lambda text: float(text) if text else None,
}


def read_table(name: str, row: type[Row]) -> tuple[Row, ...]:
    """The rows of a file in `data/published/`."""
    return rows_of(files("latency_db").joinpath("data", "published", name).read_bytes(), row)


def rows_of(table: bytes, row: type[Row]) -> tuple[Row, ...]:
    """The rows that `table_bytes` made a table of; an empty cell of a number that may be None is None."""
    hints = get_type_hints(row)
    numbers = {field.name: _NUMBERS[hints[field.name]] for field in fields(row) if hints[field.name] in _NUMBERS}
    lines = csv.DictReader(io.StringIO(gzip.decompress(table).decode()))
    return tuple(row(**(line | {name: number(line[name]) for name, number in numbers.items()})) for line in lines)


def table_bytes(rows: Iterable[DataclassInstance], row: type[DataclassInstance]) -> bytes:
    """A gzip'd CSV of rows; the same rows give the same bytes."""
    text = io.StringIO()
    names = [field.name for field in fields(row)]
    table = csv.writer(text, lineterminator="\n")
    table.writerow(names)
    for one in rows:
        table.writerow(["" if (value := getattr(one, name)) is None else value for name in names])
    return gzip.compress(text.getvalue().encode(), 9, mtime=0)
