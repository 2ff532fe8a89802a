"""The database as the rest of the program sees it: measurements go in, and come out as they went in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypedDict, Unpack

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select

from device_profiles.vocabulary import Runtime
from latency_db.measurement import (
    Measurement,
    NumberFormat,
    Quality,
    Source,
    SourceKind,
    Subject,
    SubjectKind,
    Unit,
    check_word,
)
from latency_db.ranking import RANKS
from latency_db.store.connection import engine_of, in_sentences, insert_rows, writing
from latency_db.store.errors import StoreError
from latency_db.store.location import location
from latency_db.store.manifests import Manifests
from latency_db.store.posts import Posts
from latency_db.store.rows import CONDITIONS, SELECTION, Record, is_latest, records, rows_of
from latency_db.store.schema import devices, measurements, sources, subjects
from latency_db.store.tokens import Tokens
from latency_db.store.upgrade import upgrade

_ROWS_AT_ONCE = 5_000
"""Rows that a reader has in memory"""


class Where(TypedDict, total=False):
    """What measurements to find: those that agree with all that is said."""

    device: str
    """Its id"""
    soc: str
    subject: Subject
    kind: SubjectKind
    name: str
    """Of a model, for its graphs too; or a kind of kernels, such as "conv" """
    runtime: Runtime
    runtime_version: str
    delegate: str
    os: str
    unit: Unit
    precision: NumberFormat
    threads: int
    cores: str
    method: str
    quality: Quality
    source: Source
    source_kind: SourceKind


_COLUMNS: dict[str, ColumnElement[Any]] = {
    **{name: measurements.c[name] for name in Where.__annotations__ if name in measurements.c},
    "device": devices.c.device,
    "soc": devices.c.soc,
    "kind": subjects.c.kind,
    "name": subjects.c.name,
    "source_kind": sources.c.kind,
}

_VOCABULARIES = {
    "kind": SubjectKind,
    "runtime": Runtime,
    "unit": Unit,
    "precision": NumberFormat,
    "quality": Quality,
    "source_kind": SourceKind,
}


class Store:
    """An open database. Several threads and processes may read and add at once; writers wait for each other."""

    def __init__(self, url: str | None) -> None:
        self._engine = engine_of(location(url))
        with in_sentences(self._engine):
            upgrade(self._engine)
        self.tokens = Tokens(self._engine)
        self.posts = Posts(self._engine)
        self.manifests = Manifests(self._engine)

    def add(self, added: Iterable[Measurement]) -> list[int]:
        """Add measurements, all or none of them, and return their ids, each higher than those before.

        Once this has returned, they outlive this process and, where the disk keeps its word, a loss of power.
        """
        added = list(added)  # whoever makes them may take long, and nobody else could write meanwhile
        return self._insert(added)

    def missing(self, wanted: Iterable[Measurement]) -> list[Measurement]:
        """Those that no row is equal to in all that it says, rows that were corrected too; each once, in order."""
        new = dict.fromkeys(wanted)
        for device in {one.device.id for one in new}:
            for record in self.measurements(device=device, corrected=True):
                new.pop(record.measurement, None)
        return list(new)

    def correct(self, id: int, new: Measurement) -> int:
        """Put a measurement in the place of the one with this id, which stays, and return the id of the new one.

        Raises `StoreError` where there is none, or another stands in its place already.
        """
        return self._insert([new], corrects=id)[0]

    def measurements(self, *, corrected: bool = False, **where: Unpack[Where]) -> Iterator[Record]:
        """Find measurements, in the order in which they were added.

        Those in whose place another stands are left out, unless `corrected` asks for them too. Raises `ValueError` for
        a word that no measurement can have.
        """
        query = SELECTION.where(*_conditions(where)).order_by(measurements.c.id)
        if not corrected:
            query = query.where(is_latest())
        return self._records(query)

    def newest(self, limit: int, before: int | None = None, **where: Unpack[Where]) -> list[Record]:
        """The same from the last to the first, so many at most, of those with ids below one, if that is given."""
        query = SELECTION.where(*_conditions(where), is_latest()).order_by(measurements.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(measurements.c.id < before)
        return list(self._records(query))

    def believable(self, device: str, runs: int) -> list[Record]:
        """What an estimate needs of a device: of each subject under the same conditions so many rows that come first by
        `ranking.standing`, of equals the newest; none that are suspect."""
        rank = case({quality: rank for quality, rank in RANKS.items() if quality}, value=measurements.c.quality)
        number = func.row_number().over(
            partition_by=[measurements.c.subject_id, *CONDITIONS],
            order_by=[sources.c.kind == "published", func.coalesce(rank, RANKS[None]), measurements.c.id.desc()],
        )
        trusted = measurements.c.quality.is_(None) | (measurements.c.quality != "suspect")
        ordered = (
            select(measurements.c.id, number.label("number"))
            .select_from(measurements.join(devices).join(sources))
            .where(devices.c.device == device, trusted, is_latest())
            .subquery()
        )
        ids = select(ordered.c.id).where(ordered.c.number <= runs)
        return list(self._records(SELECTION.where(measurements.c.id.in_(ids)).order_by(measurements.c.id)))

    def since(self, device: str, id: int) -> list[Record]:
        """Rows of a device that were added after one, corrections too, in order."""
        query = SELECTION.where(devices.c.device == device, measurements.c.id > id).order_by(measurements.c.id)
        return list(self._records(query))

    def last_id(self, device: str) -> int:
        """Of the newest row of a device; 0 where it has none."""
        own = select(devices.c.id).where(devices.c.device == device)
        return int(self._scalars(select(func.max(measurements.c.id)).where(measurements.c.device_id.in_(own)))[0] or 0)

    def device_ids(self) -> list[str]:
        """Of all devices that measurements name."""
        return self._scalars(select(devices.c.device).distinct())

    def model_names(self) -> list[str]:
        """Of all models of which a graph or the whole was timed."""
        return self._scalars(select(subjects.c.name).where(subjects.c.kind != "kernel").distinct())

    def answers(self) -> None:
        """Raises `StoreError` where the database does not."""
        self._scalars(select(1))

    @property
    def kind(self) -> str:
        """ "sqlite" or "postgresql" """
        return self._engine.dialect.name

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _scalars(self, query: Select[Any]) -> list[Any]:
        with in_sentences(self._engine), self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def _records(self, query: Select[Any]) -> Iterator[Record]:
        with in_sentences(self._engine), self._engine.connect() as connection:
            yield from records(connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(query))

    def _insert(self, added: list[Measurement], corrects: int | None = None) -> list[int]:
        with in_sentences(self._engine), writing(self._engine) as connection:
            if corrects is not None:
                _check_correctable(connection, corrects)
            rows = rows_of(connection, added, datetime.now(UTC), corrects)
            insert_rows(connection, measurements, rows)
        return [row["id"] for row in rows]


def _check_correctable(connection: Connection, id: int) -> None:
    """Only one may stand in another's place, so that it is plain which is the latest."""
    if connection.execute(select(measurements.c.id).where(measurements.c.id == id)).scalar() is None:
        raise StoreError(f"No measurement has the id {id}: correct one that `measurements` gives.")
    later = connection.execute(select(measurements.c.id).where(measurements.c.corrects == id)).scalar()
    if later is not None:
        raise StoreError(f"Measurement {id} was corrected before, by {later}: correct that.")


def _conditions(where: Where) -> Iterator[ColumnElement[bool]]:
    for name, value in where.items():
        match value:
            case Subject(kind, key):
                yield and_(subjects.c.kind == kind, subjects.c.key == key)
            case Source(kind, reference, licence):
                yield and_(sources.c.kind == kind, sources.c.reference == reference, sources.c.licence == licence)
            case _:
                if name in _VOCABULARIES:
                    check_word(name, value, _VOCABULARIES[name])
                yield _COLUMNS[name] == value
