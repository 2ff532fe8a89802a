"""The database as the rest of the program sees it: measurements go in, and come out as they went in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from datetime import UTC, datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, Self, Unpack

from sqlalchemy import Connection, Select, select

from latency_db.measurement import Measurement
from latency_db.store.connection import at_once, copy_log, engine_of, in_sentences, insert_rows, reading, writing
from latency_db.store.errors import StoreError
from latency_db.store.filters import Where, conditions, values
from latency_db.store.location import location
from latency_db.store.manifests import Manifests
from latency_db.store.of_devices import OfDevices
from latency_db.store.pages import Pages
from latency_db.store.posts import Posts
from latency_db.store.rows import IS_LATEST, SELECTION, Record, records, rows_of
from latency_db.store.schema import devices, measurements, subjects
from latency_db.store.tokens import Tokens
from latency_db.store.upgrade import upgrade

_ROWS_AT_ONCE = 5_000
"""Rows that a reader has in memory"""


class Store:
    """An open database. Several threads and processes may read and add at once; writers wait for each other."""

    def __init__(self, url: str | None) -> None:
        self._engine = engine_of(location(url))
        with in_sentences(self._engine):
            upgrade(self._engine)
        self._open()

    def _open(self) -> None:
        self.of_devices = OfDevices(self._engine)
        self.pages = Pages(self._engine)
        self.tokens = Tokens(self._engine)
        self.posts = Posts(self._engine)
        self.manifests = Manifests(self._engine)

    def at_once(self) -> Store:
        """The same for who cannot wait: over a file, what many rows would have to be looked through for, and posts
        while others write, raise `TakesLonger`."""
        view = copy(self)
        view._engine = at_once(self._engine)
        view._open()
        return view

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
        return self._records(_found(tuple(where), corrected), values(where))

    def device_ids(self) -> list[str]:
        """Of all devices that measurements name."""
        return self._scalars(_DEVICES)

    def model_names(self) -> list[str]:
        """Of all models of which a graph or the whole was timed."""
        return self._scalars(_MODELS)

    def answers(self) -> None:
        """Raises `StoreError` where the database does not."""
        self._scalars(select(1))

    @property
    def kind(self) -> str:
        """ "sqlite" or "postgresql" """
        return self._engine.dialect.name

    def copy_log(self) -> None:
        """What a file's commits would have to do now and then, for who has a thread for it."""
        with in_sentences(self._engine):
            copy_log(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _scalars(self, query: Select[Any]) -> list[Any]:
        with in_sentences(self._engine), reading(self._engine) as connection:
            return list(connection.execute(query).scalars().all())

    def _records(self, query: Select[Any], given: Mapping[str, Any]) -> Iterator[Record]:
        with in_sentences(self._engine), reading(self._engine) as connection:
            yield from records(connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(query, given))

    def _insert(self, added: list[Measurement], corrects: int | None = None) -> list[int]:
        with in_sentences(self._engine), writing(self._engine) as connection:
            if corrects is not None:
                _check_correctable(connection, corrects)
            rows = rows_of(connection, added, datetime.now(UTC), None if corrects is None else [corrects])
            insert_rows(connection, measurements, rows)
        return [row["id"] for row in rows]


_DEVICES = select(devices.c.device).distinct()
_MODELS = select(subjects.c.name).where(subjects.c.kind != "kernel").distinct()


@lru_cache(maxsize=256)
def _found(names: tuple[str, ...], corrected: bool) -> Select[Any]:
    """Made once: SQLAlchemy takes as long to make a statement as to run it."""
    query = SELECTION.where(*conditions(names)).order_by(measurements.c.id)
    return query if corrected else query.where(IS_LATEST)


def _check_correctable(connection: Connection, id: int) -> None:
    """Only one may stand in another's place, so that it is plain which is the latest."""
    if connection.execute(select(measurements.c.id).where(measurements.c.id == id)).scalar() is None:
        raise StoreError(f"No measurement has the id {id}: correct one that `measurements` gives.")
    later = connection.execute(select(measurements.c.id).where(measurements.c.corrects == id)).scalar()
    if later is not None:
        raise StoreError(f"Measurement {id} was corrected before, by {later}: correct that.")
