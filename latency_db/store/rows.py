"""Measurements as rows of the tables, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache, cached_property
from itertools import count, repeat
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, Table, bindparam, func, select

from latency_db.measurement import Conditions, Device, Latency, Measurement, Source, Subject
from latency_db.store.connection import insert_rows
from latency_db.store.schema import devices, measurements, sources, subjects

KEYS_AT_ONCE = 500
"""Values in one IN; databases have a limit."""

Values = dict[str, Any]
"""Column -> value"""


@dataclass(frozen=True)
class Record:
    """A measurement as the database has it."""

    id: int
    """Higher than those of all that were added before"""
    measurement: Measurement
    added_at: datetime
    corrects: int | None
    """The id of the measurement in whose place it is"""


@dataclass(frozen=True)
class Named:
    """What many measurements name, each a row in a table of its own."""

    table: Table
    by: Column[str]
    """By which few rows are found"""
    values: Callable[[Any], Values]

    @cached_property
    def _columns(self) -> list[Column[Any]]:
        return [column for column in self.table.c if column.name != "id"]

    @cached_property
    def _found(self) -> Select[Any]:
        """Those with one of `some` names"""
        return select(self.table.c.id, *self._columns).where(self.by.in_(bindparam("some", expanding=True)))

    def ids(self, connection: Connection, wanted: Iterable[Any]) -> dict[Any, int]:
        """The row of each; made for those that have none. Only for the one writer (`connection.writing`)."""
        values = {one: self.values(one) for one in wanted}
        names = sorted({row[self.by.name] for row in values.values()})
        found = dict[tuple[Any, ...], int]()
        for start in range(0, len(names), KEYS_AT_ONCE):
            some = connection.execute(self._found, {"some": names[start : start + KEYS_AT_ONCE]})
            found |= {tuple(others): id for id, *others in some}
        keys = {one: tuple(row[column.name] for column in self._columns) for one, row in values.items()}
        missing = [one for one, key in keys.items() if key not in found]
        if missing:
            first = next_id(connection, self.table)
            made = {one: first + place for place, one in enumerate(missing)}
            insert_rows(connection, self.table, [{"id": id, **values[one]} for one, id in made.items()])
            found |= {keys[one]: id for one, id in made.items()}
        return {one: found[key] for one, key in keys.items()}


DEVICE = Named(devices, devices.c.device, lambda device: {"device": device.id, "soc": device.soc})
SUBJECT = Named(subjects, subjects.c.key, lambda subject: {**vars(subject), "name": subject.name})
SOURCE = Named(sources, sources.c.reference, vars)


def next_id(connection: Connection, table: Table) -> int:
    """One more than the highest; nothing is ever removed. Only for the one writer (`connection.writing`)."""
    return 1 + (connection.execute(_last_id(table)).scalar() or 0)


@cache
def _last_id(table: Table) -> Select[Any]:
    return select(func.max(table.c.id))


def rows_of(
    connection: Connection, added: Sequence[Measurement], added_at: datetime, corrects: Sequence[int] | None = None
) -> list[Values]:
    """What to insert for them, with ids that go on from the last; each may correct the row of an id.

    Only for the one writer (`connection.writing`).
    """
    device = DEVICE.ids(connection, {one.device for one in added})
    subject = SUBJECT.ids(connection, {one.subject for one in added})
    source = SOURCE.ids(connection, {one.source for one in added})
    first = next_id(connection, measurements)
    return [
        {
            "id": id,
            "device_id": device[one.device],
            "subject_id": subject[one.subject],
            "source_id": source[one.source],
            **vars(one.conditions),
            **vars(one.latency),
            "thermal": one.thermal,
            "quality": one.quality,
            "measured_at": one.measured_at,
            "note": one.note,
            "added_at": added_at,
            "corrects": corrected,
        }
        for id, one, corrected in zip(count(first), added, corrects or repeat(None), strict=False)
    ]


CONDITIONS = [measurements.c[field.name] for field in fields(Conditions)]
"""Columns"""
_LATENCY = [measurements.c[field.name] for field in fields(Latency)]
_OTHERS = [measurements.c[name] for name in ("thermal", "quality", "measured_at", "note")]
_NAMED = [devices.c.device, devices.c.soc, subjects.c.kind, subjects.c.key]
_NAMED += [sources.c.kind, sources.c.reference, sources.c.licence]
_RECORD = [measurements.c.id, measurements.c.added_at, measurements.c.corrects]

SELECTION: Select[Any] = select(*_RECORD, *_OTHERS, *_NAMED, *CONDITIONS, *_LATENCY).select_from(
    measurements.join(devices).join(subjects).join(sources)
)
"""All that `records` needs of every measurement, in its order"""


NAMES = (
    "id", "added_at", "corrects", "thermal", "quality", "measured_at", "note", "device", "soc", "kind", "subject",
    "source", "reference", "licence", *(field.name for field in (*fields(Conditions), *fields(Latency))),
)  # fmt: skip
"""Of what a `SELECTION` has, in its order; `source` is its kind. SQLAlchemy's names of columns are slow to compare."""


_LATER = measurements.alias()
IS_LATEST = ~select(_LATER.c.id).where(_LATER.c.corrects == measurements.c.id).exists()
"""Whether no other row stands in a measurement's place. Made once: an alias of so many columns takes a millisecond."""


def records(rows: Iterable[Row[Any]]) -> Iterator[Record]:
    """The rows of a `SELECTION`. What many of them name is one object."""
    known = dict[tuple[Any, ...], Any]()

    def once(make: Callable[..., Any], *values: Any) -> Any:
        key = (make, *values)
        if key not in known:
            known[key] = make(*values)
        return known[key]

    for row in map(tuple, rows):
        id, added_at, corrects, thermal, quality, measured_at, note, *others = row
        device, soc, kind, key, source, reference, licence, *figures = others
        yield Record(
            id,
            Measurement(
                once(Device, device, soc),
                once(Subject, kind, key),
                once(Conditions, *figures[: len(CONDITIONS)]),
                Latency(*figures[len(CONDITIONS) :]),
                once(Source, source, reference, licence),
                thermal,
                quality,
                measured_at,
                note,
            ),
            added_at,
            corrects,
        )
