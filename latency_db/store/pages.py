"""Measurements in pages, the newest first, as they are shown; those of a device or a model are found in indices."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Unpack

from sqlalchemy import BindParameter, ColumnElement, Engine, Select, bindparam, select, union_all

from latency_db.store.connection import in_sentences
from latency_db.store.filters import TABLES, Where, conditions, values
from latency_db.store.rows import IS_LATEST, NAMES, SELECTION
from latency_db.store.schema import devices, measurements, sources, subjects

_NAMED_BY = {
    devices: measurements.c.device_id, subjects: measurements.c.subject_id, sources: measurements.c.source_id,
}  # fmt: skip


_CHIPS = 4
"""Of one device, which has a row for each that was stated with it: the newest rows of each are found apart, as those of
several at once would all be sorted."""


class Pages:
    """Those of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest(self, limit: int, before: int | None = None, **where: Unpack[Where]) -> list[dict[str, Any]]:
        """So many at most, from the last to the first, of those with ids below one, if that is given.

        As they stand, by `rows.NAMES`, for nothing is computed of them; those in whose place another stands are left
        out. Raises `ValueError` for a word that no measurement can have.
        """
        asked, names = values(where) | {"limit": limit, "before": before}, tuple(sorted(where))
        with in_sentences(self._engine), self._engine.connect() as connection:
            of_device = tuple(name for name in names if TABLES.get(name) is devices)
            ids = connection.execute(_ids(of_device), asked).scalars().all() if of_device else []
            if of_device and not ids:
                return []
            apart = len(ids) if len(ids) <= _CHIPS and not {"name", "subject"} & set(names) else 0
            asked |= {f"device_{number}": id for number, id in enumerate(ids)}
            statement = _page(names, apart, before is not None)
            return [dict(zip(NAMES, row, strict=True)) for row in connection.execute(statement, asked)]


@lru_cache(maxsize=64)
def _ids(names: tuple[str, ...]) -> Select[Any]:
    return select(devices.c.id).where(*conditions(names))


@lru_cache(maxsize=1024)
def _page(names: tuple[str, ...], apart: int, before: bool) -> Select[Any]:
    """Made once: SQLAlchemy takes longer to tell that a statement is the same as another than to run it.

    `apart` is how many rows of devices are asked for, if they are told apart.
    """
    # Ids alone come from indices, in their order: of a million rows some fifty are then looked up.
    limit: BindParameter[int] = bindparam("limit")
    others = tuple(name for name in names if not apart or TABLES.get(name) is not devices)
    ids = select(measurements.c.id).where(*_on_measurements(others), IS_LATEST).limit(limit)
    if before:
        ids = ids.where(measurements.c.id < bindparam("before"))
    few = {"name", "subject"} & set(names)  # that are found first, and then put in order
    ids = ids.order_by((measurements.c.id + 0).desc() if few else measurements.c.id.desc())
    if apart:
        of_each = [ids.where(measurements.c.device_id == bindparam(f"device_{number}")) for number in range(apart)]
        every = union_all(*(select(part.subquery().c.id) for part in of_each)).subquery()
        ids = select(every.c.id).order_by(every.c.id.desc()).limit(limit)
    return SELECTION.where(measurements.c.id.in_(ids)).order_by(measurements.c.id.desc())


def _on_measurements(names: tuple[str, ...]) -> Iterator[ColumnElement[bool]]:
    """Conditions that need no other table but to look something up."""
    for table, column in _NAMED_BY.items():
        own = [name for name in names if TABLES.get(name) is table]
        if own in (["kind"], ["source_kind"]):  # of so many rows that these are better looked through in their order
            yield select(table.c.kind).where(table.c.id == column).scalar_subquery() == bindparam(own[0])
        elif own:
            yield column.in_(select(table.c.id).where(*conditions(own)))
    yield from conditions(name for name in names if name not in TABLES)
