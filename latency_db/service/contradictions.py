"""Rows that others contradict: they are kept, marked as suspect, and say why.

A phone that quietly ran a model elsewhere reports times that are many times too long. Rows of one subject on one device
under the same conditions vote: the largest group whose times are alike is right, of equal ones the fastest, as nothing
makes a phone faster than it is. Later rows may outvote earlier ones, so what is marked may be cleared again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from latency_db.measurement import Measurement
from latency_db.store.posts import Judged
from latency_db.store.rows import Record

ALIKE = 2.0
"""Times the shortest of a group up to which others belong to it: phones of one model differ by cooling and background
work, seldom by more."""
CONTRADICTS = 3.0
"""Times the median of the right ones, longer or shorter, from which a row contradicts them. Between this and `ALIKE` it
is doubtful, and not marked."""
HOT = frozenset({"serious", "critical", "severe", "emergency", "shutdown"})
"""States in which systems slow a processor down"""

CONTRADICTS_OTHERS = "contradicts others"
"""In the note of a row that was marked here, so that it can be cleared"""


@dataclass(frozen=True)
class _Row:
    """A new row of a post, or one that was there before."""

    measurement: Measurement
    id: int | None

    @property
    def ms(self) -> float:
        return self.measurement.latency.ms


def judged(rows: Sequence[Measurement], neighbours: Sequence[Record]) -> Judged:
    """The rows of a post with marks, and what the rows before them now say."""
    everything = [_Row(row, None) for row in rows]
    everything += [_Row(record.measurement, record.id) for record in neighbours]
    groups, by_subject = defaultdict[object, list[_Row]](list), defaultdict[object, list[_Row]](list)
    for row in everything:
        groups[_alike(row.measurement)].append(row)
        by_subject[_on_any_unit(row.measurement)].append(row)
    right = {key: _right(group) for key, group in groups.items()}
    marked = [_marked(row, right, by_subject) for row in everything]
    changed = {
        row.id: new
        for row, new in zip(everything, marked, strict=True)
        if row.id is not None and new != row.measurement
    }
    return Judged(marked[: len(rows)], changed)


def _alike(row: Measurement) -> tuple[object, ...]:
    had = row.conditions
    return (*_on_any_unit(row), had.unit, had.delegate)


def _on_any_unit(row: Measurement) -> tuple[object, ...]:
    had = row.conditions
    return row.device.id, row.subject, had.runtime, had.precision, had.threads, had.cores


def _right(group: Iterable[_Row]) -> float:
    """The median of the largest group of times that are alike, of equal ones the fastest."""
    times = sorted(row.ms for row in group if _votes(row.measurement))
    if not times:
        return 0.0
    windows = [[ms for ms in times if least <= ms <= ALIKE * least] for least in times]
    largest = max(windows, key=len)  # the first of equals, which is the fastest
    return median(largest)


def _votes(row: Measurement) -> bool:
    """Rows that are wrong for reasons of their own have no vote."""
    return row.thermal not in HOT and (row.quality != "suspect" or CONTRADICTS_OTHERS in row.note)


def _marked(row: _Row, right: Mapping[object, float], by_subject: Mapping[object, Sequence[_Row]]) -> Measurement:
    """A row as it is to be kept: only what was reported is marked or cleared, and only for the reasons here."""
    one = row.measurement
    if one.source.kind != "reported":
        return one
    if one.thermal in HOT and one.quality is None:
        return replace(one, quality="drifting", note=_joined(one.note, f"throttled, as the system was {one.thermal}"))
    if not _votes(one) or one.quality not in (None, "suspect"):
        return one
    expected = right[_alike(one)]
    note = _joined(*(part for part in one.note.split("; ") if CONTRADICTS_OTHERS not in part))
    if 1 / CONTRADICTS <= row.ms / expected <= CONTRADICTS:
        return replace(one, quality=None, note=note)
    if one.quality == "suspect":
        return one  # marked before, whatever the figure was by then
    longer = row.ms > expected
    times = f"{max(row.ms / expected, expected / row.ms):.1f} times {'longer' if longer else 'shorter'}"
    where = _ran_on(row, right, by_subject) if longer else ""
    return replace(one, quality="suspect", note=_joined(note, f"{CONTRADICTS_OTHERS}, {times}{where}"))


def _ran_on(row: _Row, right: Mapping[object, float], by_subject: Mapping[object, Sequence[_Row]]) -> str:
    """The other unit that takes as long, in words, if there is one."""
    for other in by_subject[_on_any_unit(row.measurement)]:
        unit, expected = other.measurement.conditions.unit, right[_alike(other.measurement)]
        if unit != row.measurement.conditions.unit and expected and 1 / ALIKE <= row.ms / expected <= ALIKE:
            return f", as on the {str(unit).upper()}"
    return ""


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))
