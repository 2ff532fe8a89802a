"""The database as the rest of the program sees it: measurements go in, and come out as they went in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypedDict, Unpack

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, case, func, select

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
from latency_db.store.rows import CONDITIONS, IS_LATEST, KEYS_AT_ONCE, NAMES, SELECTION, Record, records, rows_of
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

_COLUMNS_OF: dict[str, Table] = {
    **dict.fromkeys(("device", "soc"), devices),
    **dict.fromkeys(("subject", "kind", "name"), subjects),
    **dict.fromkeys(("source", "source_kind"), sources),
}
"""What is asked of other tables"""
_NAMED_BY = {
    devices: measurements.c.device_id, subjects: measurements.c.subject_id, sources: measurements.c.source_id,
}  # fmt: skip

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
            query = query.where(IS_LATEST)
        return self._records(query)

    def newest(self, limit: int, before: int | None = None, **where: Unpack[Where]) -> list[dict[str, Any]]:
        """The same from the last to the first, so many at most, of those with ids below one, if that is given.

        As they stand, by `rows.NAMES`: pages of them are shown, and nothing is computed of them.
        """
        # Ids alone come from indices: of a million rows some fifty are then looked up.
        ids = select(measurements.c.id).where(*self._on_measurements(where), IS_LATEST).limit(limit)
        if before is not None:
            ids = ids.where(measurements.c.id < before)
        few = {"name", "subject"} & set(where)  # that are found first, and then put in order
        ids = ids.order_by((measurements.c.id + 0).desc() if few else measurements.c.id.desc())
        query = SELECTION.where(measurements.c.id.in_(ids)).order_by(measurements.c.id.desc())
        with in_sentences(self._engine), self._engine.connect() as connection:
            return [dict(zip(NAMES, row, strict=True)) for row in connection.execute(query)]

    def believable(self, device: str, runs: int, subjects: Collection[Subject] | None = None) -> list[Record]:
        """What an estimate needs of a device, or of some subjects on it: of each subject under the same conditions one.

        That is the middle one of the newest so many of the best: what was measured or reported before what was
        published, then by `ranking.RANKS`; suspect ones are passed over. In the order in which they were added.
        """
        if subjects is None:
            return self._believable(device, runs, None)
        keys, found = sorted({subject.key for subject in subjects}), list[Record]()
        for start in range(0, len(keys), KEYS_AT_ONCE):
            found += self._believable(device, runs, keys[start : start + KEYS_AT_ONCE])
        return [one for one in found if one.measurement.subject in subjects]

    def subjects_since(self, device: str, id: int) -> set[Subject]:
        """Of rows of a device that were added after one, and of those that they correct."""
        new = select(measurements.c.subject_id, measurements.c.corrects).join(devices)
        new = new.where(devices.c.device == device, measurements.c.id > id)
        with in_sentences(self._engine), self._engine.connect() as connection:
            rows = connection.execute(new).all()
            corrected = [row.corrects for row in rows if row.corrects is not None]
            ids = {row.subject_id for row in rows}
            for start in range(0, len(corrected), KEYS_AT_ONCE):
                some = measurements.c.id.in_(corrected[start : start + KEYS_AT_ONCE])
                ids |= set(connection.execute(select(measurements.c.subject_id).where(some)).scalars())
            found, all_ids = set[Subject](), sorted(ids)
            for start in range(0, len(all_ids), KEYS_AT_ONCE):
                named = select(subjects.c.kind, subjects.c.key).where(
                    subjects.c.id.in_(all_ids[start : start + KEYS_AT_ONCE])
                )
                found |= {Subject(kind, key) for kind, key in connection.execute(named)}
        return found

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

    def _on_measurements(self, where: Where) -> Iterator[ColumnElement[bool]]:
        """Conditions that need no other table beside that of the measurements, but to look ids up."""
        for table, column in _NAMED_BY.items():
            own: Where = {name: value for name, value in where.items() if _COLUMNS_OF.get(name) is table}  # type: ignore[assignment]
            if not own:
                continue
            ids = select(table.c.id).where(*_conditions(own))
            if table is devices and len(few := self._scalars(ids)) == 1:
                yield column == few[0]  # whose rows are in the order of their ids
            elif set(own) == {"kind"}:
                yield (column + 0).in_(ids)  # half of all rows, which are better looked through in their order
            else:
                yield column.in_(ids)
        others: Where = {name: value for name, value in where.items() if name not in _COLUMNS_OF}  # type: ignore[assignment]
        yield from _conditions(others)

    def _believable(self, device: str, runs: int, keys: Sequence[str] | None) -> list[Record]:
        alike = [measurements.c.subject_id, *CONDITIONS]
        ranks = case({quality: rank for quality, rank in RANKS.items() if quality}, value=measurements.c.quality)
        worth = [sources.c.kind == "published", func.coalesce(ranks, RANKS[None])]
        trusted = measurements.c.quality.is_(None) | (measurements.c.quality != "suspect")
        ranked = (
            select(
                measurements.c.id,
                *alike,
                func.coalesce(measurements.c.p50, measurements.c.mean, measurements.c.figure).label("ms"),
                func.dense_rank().over(partition_by=alike, order_by=worth).label("worth"),
                func.row_number().over(partition_by=alike, order_by=[*worth, measurements.c.id.desc()]).label("place"),
            )
            .select_from(measurements.join(devices).join(sources))
            .where(devices.c.device == device, trusted, IS_LATEST)
        )
        if keys is not None:
            ranked = ranked.where(measurements.c.subject_id.in_(select(subjects.c.id).where(subjects.c.key.in_(keys))))
        best = ranked.subquery()
        same = [best.c[column.name] for column in alike]
        ordered = (
            select(
                best.c.id,
                func.row_number().over(partition_by=same, order_by=[best.c.ms, best.c.id]).label("place"),
                func.count().over(partition_by=same).label("number"),
            )
            .where(best.c.worth == 1, best.c.place <= runs)
            .subquery()
        )
        ids = select(ordered.c.id).where(ordered.c.place == (ordered.c.number + 1) // 2)
        query = SELECTION.where(measurements.c.id.in_(ids)).order_by(measurements.c.id)
        return list(self._records(query))

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
            rows = rows_of(connection, added, datetime.now(UTC), None if corrects is None else [corrects])
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
