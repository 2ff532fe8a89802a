"""Which of several measurements of one thing to believe."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from latency_db.measurement import Measurement, Quality, Subject

RANKS: dict[Quality | None, int] = {"good": 0, None: 1, "drifting": 2, "busy": 3}
"""Quality -> which comes first; suspect rows are never believed."""

NEVER = datetime.min.replace(tzinfo=UTC)
"""When a row was measured that does not say"""


def standing(row: Measurement) -> tuple[bool, int, datetime]:
    """The greater one is believed: what was measured or reported before what others published, good before drifting or
    busy, then the latest."""
    return row.source.kind != "published", -RANKS[row.quality], row.measured_at or NEVER


def believed(rows: Iterable[Measurement]) -> dict[Subject, Measurement]:
    """Subject -> the row to believe, of equals the last; subjects with nothing but suspect rows are missing."""
    found: dict[Subject, Measurement] = {}
    for row in rows:
        if row.quality not in RANKS:
            continue
        other = found.get(row.subject)
        if other is None or standing(row) >= standing(other):
            found[row.subject] = row
    return found
