"""The CSV that anybody can write: a header that names what a measurement has, and a measurement a line.

`subject`, `device`, `runtime`, `reference`, `licence` and one of `p50_ms`, `mean_ms` and `figure_ms` have to be there;
the rest may be missing. docs/latency_import.md describes it for users.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from latency_db.device_ids import device_id
from latency_db.importers.csv_lines import lines, number, whole
from latency_db.importers.refusal import ImportRefused, refused
from latency_db.measurement import Conditions, Device, Latency, Measurement, Source, Subject

REQUIRED = ("subject", "device", "runtime", "reference", "licence")
MILLISECONDS = ("p50_ms", "p90_ms", "p99_ms", "mean_ms", "std_ms", "figure_ms")
COLUMNS = (
    *("subject_kind", "subject", "device", "soc", "os", "runtime", "runtime_version", "delegate", "unit", "precision"),
    *("threads", "cores", "method", *MILLISECONDS, "n", "warmup", "thermal", "quality", "measured_at"),
    *("source_kind", "reference", "licence", "note"),
)


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
        counts = {name: whole(path, line, cells, name) for name in ("threads", "n", "warmup")}
        times = {name.removesuffix("_ms"): number(path, line, cells, name) for name in MILLISECONDS}
        text = {name: cells.get(name, "").strip() for name in COLUMNS}
        with refused(path, line):
            yield _measurement(text, times, counts)


def _measurement(text: dict[str, str], times: dict[str, float | None], counts: dict[str, int | None]) -> Measurement:
    """Raises `ValueError`."""
    words: dict[str, Any] = text  # which of them there are, the parts of a measurement check
    return Measurement(
        device=Device(device_id(text["device"]), text["soc"]),
        subject=Subject(words["subject_kind"] or "model", text["subject"]),
        conditions=Conditions(
            runtime=words["runtime"],
            unit=words["unit"] or None,
            precision=words["precision"] or None,
            runtime_version=text["runtime_version"],
            delegate=text["delegate"],
            os=text["os"],
            threads=counts["threads"],
            cores=text["cores"],
            method=text["method"],
        ),
        latency=Latency(**times, n=counts["n"], warmup=counts["warmup"]),
        source=Source(words["source_kind"] or "published", text["reference"], text["licence"]),
        thermal=words["thermal"] or None,
        quality=words["quality"] or None,
        measured_at=datetime.fromisoformat(text["measured_at"]) if text["measured_at"] else None,
        note=text["note"],
    )
