"""What estimates need of a device: which of its rows to believe, and what changed since somebody looked.

Each statement is made once: to tell that one is the same as another takes SQLAlchemy longer than to run some of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import BindParameter, Engine, Select, bindparam, case, func, select

from latency_db.measurement import Subject
from latency_db.ranking import RANKS
from latency_db.store.connection import in_sentences, reading
from latency_db.store.rows import CONDITIONS, IS_LATEST, KEYS_AT_ONCE, SELECTION, Record, records
from latency_db.store.schema import devices, measurements, sources, subjects


class OfDevices:
    """Those of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def last_id(self, device: str) -> int:
        """Of the newest row of a device; 0 where it has none."""
        with in_sentences(self._engine), reading(self._engine) as connection:
            return int(connection.execute(_LAST_ID, {"device": device}).scalar() or 0)

    def believable(self, device: str, runs: int, only: Collection[Subject] | None = None) -> list[Record]:
        """What an estimate needs of a device, or of some subjects on it: of each subject under the same conditions one.

        That is the middle one of the newest so many of the best: what was measured or reported before what was
        published, then by `ranking.RANKS`; suspect ones are passed over. In the order in which they were added.
        """
        asked = {"device": device, "runs": runs}
        with in_sentences(self._engine), reading(self._engine) as connection:
            if only is None:
                return list(records(connection.execute(_BELIEVABLE, asked)))
            found = [
                record
                for keys in _parts({subject.key for subject in only})
                for record in records(connection.execute(_BELIEVABLE_OF_SOME, asked | {"some": keys}))
            ]
        return sorted((one for one in found if one.measurement.subject in only), key=lambda one: one.id)

    def subjects_since(self, device: str, id: int) -> set[Subject]:
        """Of rows of a device that were added after one, and of those that they correct."""
        with in_sentences(self._engine), reading(self._engine) as connection:

            def all_of(query: Select[Any], ids: Iterable[int]) -> Iterator[Any]:
                for some in _parts(ids):
                    yield from connection.execute(query, {"some": some})

            rows = connection.execute(_ADDED_SINCE, {"device": device, "last": id}).all()
            ids = {row.subject_id for row in rows}
            ids |= {row.subject_id for row in all_of(_SUBJECTS_OF, {row.corrects for row in rows} - {None})}
            return {Subject(row.kind, row.key) for row in all_of(_SUBJECTS, ids)}


def _parts(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Of a size that fits into one statement"""
    every = sorted(values)
    for start in range(0, len(every), KEYS_AT_ONCE):
        yield every[start : start + KEYS_AT_ONCE]


_OF_DEVICE = measurements.c.device_id.in_(select(devices.c.id).where(devices.c.device == bindparam("device")))
_SOME: BindParameter[Any] = bindparam("some", expanding=True)
_LAST_ID_OF_ONE = select(func.max(measurements.c.id)).where(measurements.c.device_id == devices.c.id).scalar_subquery()
_LAST_ID = select(func.max(_LAST_ID_OF_ONE)).where(devices.c.device == bindparam("device"))
"""Of each row of the device apart, as databases look into an index for the highest of one value alone"""
_ADDED_SINCE = select(measurements.c.subject_id, measurements.c.corrects).where(
    _OF_DEVICE, measurements.c.id > bindparam("last")
)
_SUBJECTS_OF = select(measurements.c.subject_id).where(measurements.c.id.in_(_SOME))
_SUBJECTS = select(subjects.c.kind, subjects.c.key).where(subjects.c.id.in_(_SOME))


def _believable(*only: Any) -> Select[Any]:
    alike = [measurements.c.subject_id, *CONDITIONS]
    ranks = case({quality: rank for quality, rank in RANKS.items() if quality}, value=measurements.c.quality)
    worth = [sources.c.kind == "published", func.coalesce(ranks, RANKS[None])]
    trusted = measurements.c.quality.is_(None) | (measurements.c.quality != "suspect")
    best = (
        select(
            measurements.c.id,
            *alike,
            func.coalesce(measurements.c.p50, measurements.c.mean, measurements.c.figure).label("ms"),
            func.dense_rank().over(partition_by=alike, order_by=worth).label("worth"),
            func.row_number().over(partition_by=alike, order_by=[*worth, measurements.c.id.desc()]).label("place"),
        )
        .select_from(measurements.join(devices).join(sources))
        .where(devices.c.device == bindparam("device"), trusted, IS_LATEST, *only)
        .subquery()
    )
    same = [best.c[column.name] for column in alike]
    ordered = (
        select(
            best.c.id,
            func.row_number().over(partition_by=same, order_by=[best.c.ms, best.c.id]).label("place"),
            func.count().over(partition_by=same).label("number"),
        )
        .where(best.c.worth == 1, best.c.place <= bindparam("runs"))
        .subquery()
    )
    ids = select(ordered.c.id).where(ordered.c.place == (ordered.c.number + 1) // 2)
    return SELECTION.where(measurements.c.id.in_(ids)).order_by(measurements.c.id)


_BELIEVABLE = _believable()
_BELIEVABLE_OF_SOME = _believable(measurements.c.subject_id.in_(select(subjects.c.id).where(subjects.c.key.in_(_SOME))))
