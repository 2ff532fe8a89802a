"""Latencies of whole models that others published, row by row, with where each comes from and what is doubtful.

The tables stand in `data/published/`; `latency_db.fitting.published_rows` makes them, and `SOURCES.md` beside them
names sources and licences. Nothing here averages: a doubtful row is shown with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from latency_db.shipped_tables import read_table

Flag = Literal["", "fallback", "wrong GMACs", "repeats another device's job", "stands twice", "suspect"]
"""What is doubtful; "suspect" is only what a user imported, and the reason says the rest."""

LEFT_OUT: frozenset[Flag] = frozenset({"fallback", "repeats another device's job", "stands twice", "suspect"})
"""Flags of rows whose latency says nothing more about the model on that device's fast path; the others are usable."""

TABLES = ("papers", "qualcomm", "mlperf_mobile")


@dataclass(frozen=True)
class PublishedRow:
    """One published latency. Text that the source does not state is "", a number None."""

    model: str
    """Our registry's name where it is that model, else the published name in one spelling"""
    published_as: str
    """The source's words for the model, its variant or the part of it that ran"""
    size: int | None
    """Side of the square image in pixels"""
    precision: str
    """As stated; "float" is what Qualcomm calls a graph that nobody quantised"""
    device: str
    """Id as device profiles have it, else the source's word"""
    os: str
    runtime: str
    backend: str
    """What the runtime handed the graph to, as stated"""
    runtime_version: str
    unit: str
    """cpu, gpu or npu"""
    ms: float
    """Median where stated, else the source's one figure"""
    gmacs: float | None
    """Multiply-accumulates in units of 1e9, as the source printed them, unless the flag says what was wrong"""
    params_m: float | None
    """Millions"""
    reference: str
    licence: str
    note: str
    flag: Flag
    flag_reason: str

    @property
    def usable(self) -> bool:
        """Whether its latency may enter an estimate or a spread."""
        return self.flag not in LEFT_OUT

    @property
    def document(self) -> str:
        """The paper, page or release that it stands in, whichever of its tables or jobs."""
        return re.split(r" Table| \(|, job ", self.reference)[0]


@cache
def _by_model() -> dict[str, list[PublishedRow]]:
    """Model -> its rows, in their order"""
    found: dict[str, list[PublishedRow]] = {}
    for row in published_rows():
        found.setdefault(row.model, []).append(row)
    return found


@cache
def published_rows() -> tuple[PublishedRow, ...]:
    """Every row of the shipped tables, in their order."""
    return tuple(row for table in TABLES for row in read_table(f"{table}.csv.gz", PublishedRow))


def find(
    model: str,
    *,
    device: str | None = None,
    runtime: str | None = None,
    size: int | None = None,
    rows: Iterable[PublishedRow] | None = None,
) -> list[PublishedRow]:
    """The published rows of a model, fastest first, doubtful ones too; of those named where a name is given."""
    found = (
        row
        for row in (_by_model().get(model, ()) if rows is None else rows)
        if row.model == model
        and device in (None, row.device)
        and runtime in (None, row.runtime)
        and size in (None, row.size)
    )
    return sorted(found, key=lambda row: row.ms)
