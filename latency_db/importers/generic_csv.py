"""The CSV that anybody can write: a header that names fields of `Measurement`, and a measurement a line.

`subject`, `device`, `runtime`, one of `p50_ms`, `p90_ms`, `p99_ms` and `mean_ms`, `reference` and `licence` have to be
there; the rest may be missing. docs/latency_import.md describes it for users.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from latency_db.importers.csv_lines import lines, number, whole
from latency_db.importers.refusal import ImportRefused
from latency_db.measurement import Measurement

REQUIRED = ("subject", "device", "runtime", "reference", "licence")
COLUMNS = tuple(field.name for field in fields(Measurement))
UNSTATED = {"subject_kind": "model", "source_kind": "published"}
"""What an empty cell or a missing column stands for, where that is not nothing"""

_WHOLE = ("threads", "n", "warmup")


def read(path: Path) -> Iterator[Measurement]:
    """The measurements of a file, in its order. Raises `ImportRefused`."""
    columns, found = lines(path)
    unknown = [name for name in columns if name not in COLUMNS]
    missing = [name for name in REQUIRED if name not in columns]
    if unknown:
        raise ImportRefused(path, 1, f"there is no column {unknown[0]!r}; columns are {', '.join(COLUMNS)}")
    if missing:
        raise ImportRefused(path, 1, f"it lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}")
    for line, cells in found:
        empty = [name for name in REQUIRED if not cells[name].strip()]
        if empty:
            raise ImportRefused(path, line, f"{empty[0]} is empty")
        values: dict[str, Any] = {}
        for name in COLUMNS:
            if name.endswith("_ms"):
                values[name] = number(path, line, cells, name)
            elif name in _WHOLE:
                values[name] = whole(path, line, cells, name)
            else:
                values[name] = cells.get(name, "").strip() or UNSTATED.get(name, "")
        try:
            yield Measurement(**values)
        except ValueError as error:
            raise ImportRefused(path, line, str(error)) from None
