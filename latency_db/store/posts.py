"""What was posted to the service: all rows of a post or none, each post once, and what it makes of rows before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, bindparam, func, insert, select

from latency_db.measurement import Measurement
from latency_db.store.connection import in_sentences, insert_rows, reading, within_a_moment, writing
from latency_db.store.rows import IS_LATEST, KEYS_AT_ONCE, SELECTION, Record, records, rows_of
from latency_db.store.schema import devices, measurements, posts, subjects

NEIGHBOURS = 15
"""The newest rows that a new one is compared with, of its subject on its device, under each set of conditions"""
_COMPARED = [
    measurements.c[name] for name in ("subject_id", "runtime", "unit", "precision", "delegate", "threads", "cores")
]
"""Of the same in all of these, so many rows are neighbours."""


@dataclass(frozen=True)
class Judged:
    """What is to be kept after a post was compared with its neighbours."""

    rows: Sequence[Measurement]
    """Those of the post, with marks"""
    corrections: Mapping[int, Measurement]
    """Id of a row that was there before -> what now stands in its place"""


Judge = Callable[[Sequence[Measurement], Sequence[Record]], Judged]
"""From the rows of a post and their neighbours"""


@dataclass(frozen=True)
class Post:
    """A post as the database has it."""

    records: tuple[Record, ...]
    """Its rows, or what stands in their places now"""
    added: bool
    """Whether it is new; else the same bytes were posted before."""


class Posts:
    """Those of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, sha256: str, token: str, rows: Sequence[Measurement], judge: Judge) -> Post:
        """Keep a post's rows, which has the SHA-256 of its bytes, unless they are there; `token` is its name.

        Once this has returned, they outlive this process and, where the disk keeps its word, a loss of power. Raises
        `TakesLonger` if asked at once.
        """
        with in_sentences(self._engine), writing(self._engine) as connection:
            with within_a_moment(connection):
                ids = _ids(connection, sha256)
                if ids is not None:
                    return Post(_standing(connection, *ids), added=False)
                neighbours = list(_neighbours(connection, rows))
            now, judged = datetime.now(UTC), judge(rows, neighbours)
            added = _insert(connection, judged, now)
            first, last = added[0].id, added[-1].id
            row = {"sha256": sha256, "token": token, "first_id": first, "last_id": last, "added_at": now}
            connection.execute(_ADDED, row)
            return Post(added, added=True)

    def found(self, sha256: str) -> Post | None:
        """The post with this SHA-256, if there is one."""
        with in_sentences(self._engine), reading(self._engine) as connection:
            ids = _ids(connection, sha256)
            return None if ids is None else Post(_standing(connection, *ids), added=False)

    def neighbours(self, rows: Sequence[Measurement]) -> list[Record]:
        """What the rows of a post would be compared with."""
        with in_sentences(self._engine), reading(self._engine) as connection:
            return list(_neighbours(connection, rows))


def _ids(connection: Connection, sha256: str) -> tuple[int, int] | None:
    found = connection.execute(_OF_SHA256, {"sha256": sha256}).first()
    return None if found is None else (found.first_id, found.last_id)


def _insert(connection: Connection, judged: Judged, now: datetime) -> tuple[Record, ...]:
    """The post's own rows, which nothing has corrected yet."""
    rows = rows_of(connection, judged.rows, now)
    insert_rows(connection, measurements, rows)
    if judged.corrections:
        corrections = rows_of(connection, list(judged.corrections.values()), now, list(judged.corrections))
        insert_rows(connection, measurements, corrections)
    return tuple(Record(row["id"], one, now, None) for row, one in zip(rows, judged.rows, strict=True))


def _standing(connection: Connection, first: int, last: int) -> tuple[Record, ...]:
    """The rows with these ids, each with what corrected it in its place."""
    between = {"first": first, "last": last}
    later = {record.corrects: record for record in records(connection.execute(_CORRECTING, between))}
    found = records(connection.execute(_OF_IDS, between))
    return tuple(_latest(record, later, connection) for record in found)


def _latest(record: Record, later: Mapping[int | None, Record], connection: Connection) -> Record:
    """What stands in a row's place at last."""
    after = later.get(record.id)
    while after is not None:
        record = after
        same = {"first": record.id, "last": record.id}
        after = next(records(connection.execute(_CORRECTING, same)), None)
    return record


def _neighbours(connection: Connection, rows: Sequence[Measurement]) -> Iterator[Record]:
    """The newest rows of each subject of a post on its device, under each set of conditions, suspect ones too."""
    keys = sorted({row.subject.key for row in rows})
    for device in {row.device.id for row in rows}:
        ids = connection.execute(_IDS_OF_DEVICE, {"device": device}).scalars().all()
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = connection.execute(_IDS_OF_KEYS, {"keys": keys[start : start + KEYS_AT_ONCE]}).scalars().all()
            yield from records(connection.execute(_NEIGHBOURS_OF, {"devices": ids, "subjects": some}))


def _neighbours_of() -> Select[Any]:
    """With ids as they are: of subqueries SQLite thinks that a subject's rows on all devices are fewer."""
    number = func.row_number().over(partition_by=_COMPARED, order_by=measurements.c.id.desc())
    of_devices = measurements.c.device_id.in_(bindparam("devices", expanding=True))
    of_subjects = measurements.c.subject_id.in_(bindparam("subjects", expanding=True))
    newest = select(measurements.c.id, number.label("number")).where(of_devices, of_subjects, IS_LATEST).subquery()
    return SELECTION.where(measurements.c.id.in_(select(newest.c.id).where(newest.c.number <= NEIGHBOURS)))


_IDS_OF_DEVICE = select(devices.c.id).where(devices.c.device == bindparam("device"))
_IDS_OF_KEYS = select(subjects.c.id).where(subjects.c.key.in_(bindparam("keys", expanding=True)))
_NEIGHBOURS_OF = _neighbours_of()
_OF_IDS = SELECTION.where(measurements.c.id.between(bindparam("first"), bindparam("last"))).order_by(measurements.c.id)
_CORRECTING = SELECTION.where(measurements.c.corrects.between(bindparam("first"), bindparam("last")))
_ADDED = insert(posts)
_OF_SHA256 = select(posts.c.first_id, posts.c.last_id).where(posts.c.sha256 == bindparam("sha256"))
