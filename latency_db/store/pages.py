"""Measurements in pages, the newest first, as they are shown; those of a device or a model are found in indices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice, product
from typing import Any, Unpack

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Engine,
    Select,
    Table,
    bindparam,
    case,
    false,
    select,
    true,
    union_all,
)

from latency_db.store.connection import in_sentences, reading
from latency_db.store.filters import TABLES, Where, conditions, values
from latency_db.store.rows import IS_LATEST, NAMES, SELECTION
from latency_db.store.schema import devices, measurements, sources, subjects

_NAMED_BY = {
    devices: measurements.c.device_id, subjects: measurements.c.subject_id, sources: measurements.c.source_id,
}  # fmt: skip

_APART = (1, 4, 10, 20)
"""Pairs of a device and a subject, the newest rows of each of which are found apart: those of several at once would all
be sorted. A model has some ten graphs, and a device a row for each chip that was stated with it. Few numbers make few
statements."""
_NO_ID = -1


class Pages:
    """Those of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest(self, limit: int, before: int | None = None, **where: Unpack[Where]) -> list[dict[str, Any]]:
        """So many at most, from the last to the first, of those with ids below one, if that is given.

        As they stand, by `rows.NAMES`, for nothing is computed of them; those in whose place another stands are left
        out. Raises `ValueError` for a word that no measurement can have, and `TakesLonger` if asked at once.
        """
        asked, names = values(where) | {"limit": limit, "before": before}, tuple(sorted(where))
        with in_sentences(self._engine), reading(self._engine) as connection:
            found = {
                table: connection.execute(_ids(own), asked).scalars().all()
                for table in (devices, subjects)
                if (own := _own(table, names)) and own != ("kind",)
            }
            pairs = list(islice(product(*found.values()), _APART[-1] + 1))
            if not pairs:
                return []
            number = next((number for number in _APART if len(pairs) <= number), 0)
            pairs += [(_NO_ID,) * len(found)] * (number - len(pairs))
            tables = tuple(found) if number else ()
            asked |= {
                f"{table.name}_{place}": id
                for place, pair in enumerate(pairs)
                for table, id in zip(tables, pair, strict=False)
            }
            statement = _page(names, tables, number, before is not None)
            return [dict(zip(NAMES, row, strict=True)) for row in connection.execute(statement, asked).all()]


@lru_cache(maxsize=64)
def _ids(names: tuple[str, ...]) -> Select[Any]:
    """Of the devices or subjects that are asked for."""
    table = TABLES[names[0]]
    return select(table.c.id).where(*conditions(names))


@lru_cache(maxsize=1024)
def _page(names: tuple[str, ...], tables: tuple[Table, ...], pairs: int, before: bool) -> Select[Any]:
    """Made once: SQLAlchemy takes longer to tell that a statement is the same as another than to run it.

    `tables` are those of which so many pairs of rows are told apart, if any.
    """
    # Ids alone come from indices, in their order: of a million rows some fifty are then looked up.
    limit: BindParameter[int] = bindparam("limit")
    others = tuple(name for name in names if TABLES.get(name) not in tables)
    ids = select(measurements.c.id).where(*_on_measurements(others), IS_LATEST).limit(limit)
    if before:
        ids = ids.where(measurements.c.id < bindparam("before"))
    few = {"name", "subject"} & set(others)  # that are found first, and then put in order
    ids = ids.order_by((measurements.c.id + 0).desc() if few else measurements.c.id.desc())
    if tables:
        of_each = [
            ids.where(*(_NAMED_BY[table] == bindparam(f"{table.name}_{place}") for table in tables))
            for place in range(pairs)
        ]
        every = union_all(*(select(part.subquery().c.id) for part in of_each)).subquery()
        ids = select(every.c.id).order_by(every.c.id.desc()).limit(limit)
    return SELECTION.where(measurements.c.id.in_(ids)).order_by(measurements.c.id.desc())


def _on_measurements(names: tuple[str, ...]) -> Iterator[ColumnElement[bool]]:
    """Conditions that need no other table but to look something up."""
    for table, column in _NAMED_BY.items():
        own = _own(table, names)
        if own in (("kind",), ("source_kind",)):  # of so many rows that these are better looked through in their order
            kind = select(table.c.kind).where(table.c.id == column).scalar_subquery()
            yield case((kind == bindparam(own[0]), true()), else_=false())  # PostgreSQL takes an equation to be rare
        elif own:
            yield column.in_(select(table.c.id).where(*conditions(own)))
    yield from conditions(name for name in names if name not in TABLES)


def _own(table: Table, names: Iterable[str]) -> tuple[str, ...]:
    """Filters that ask for rows of another table."""
    return tuple(name for name in names if TABLES.get(name) is table)
