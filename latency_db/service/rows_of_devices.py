"""What estimates need of each device, kept between questions and brought up to date by rows that came since.

Every question asks the database for the newest row of its device, so that several processes over one database know the
same at any time, and what one of them was posted counts in the next answer of all.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from latency_db.measurement import Conditions, Measurement, Subject
from latency_db.ranking import RANKS, standing
from latency_db.store.rows import Record
from latency_db.store.store import Store

RUNS = 5
"""Rows that came under the same conditions, of which the one in the middle counts: a single phone that was busy would
answer for all others of its model"""

_Key = tuple[Subject, Conditions]


@dataclass
class _Device:
    """One device's rows."""

    last_id: int = 0
    newest: dict[_Key, list[Record]] = field(default_factory=dict)
    """The best `RUNS` under the same conditions, the newest last"""
    rows: tuple[Measurement, ...] = ()


class RowsOfDevices:
    """Of one database. Threads may ask at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._devices = dict[str, _Device]()
        self._lock = threading.Lock()

    def of(self, device: str) -> tuple[int, tuple[Measurement, ...]]:
        """The id of a device's newest row, by which what was made of them is known to be up to date, and its rows."""
        last = self._store.last_id(device)
        if not last:  # nothing is kept of a name that anybody may ask with
            return 0, ()
        known = self._devices.get(device)
        if known is not None and known.last_id == last:
            return last, known.rows
        with self._lock:
            known = self._devices.setdefault(device, _Device())
            if known.last_id < last:
                _bring_up_to_date(known, self._store, device, last)
            return known.last_id, known.rows


def _bring_up_to_date(known: _Device, store: Store, device: str, last: int) -> None:
    """Up to the row that is the last, or some that came meanwhile: rows are committed in the order of their ids."""
    new = store.since(device, known.last_id) if known.last_id else store.believable(device, RUNS)
    last = max([last, *(record.id for record in new)])
    if known.last_id and (corrected := {record.corrects for record in new} - {None}):
        doubtful = {key[0] for key, rows in known.newest.items() if corrected & {row.id for row in rows}}
        known.newest = {key: rows for key, rows in known.newest.items() if key[0] not in doubtful}
        new = [record for record in new if record.measurement.subject not in doubtful]
        for subject in doubtful:
            new += store.measurements(device=device, subject=subject)
    _take(known, new)
    known.rows = tuple(_middle(rows) for rows in known.newest.values())
    known.last_id = last


def _take(known: _Device, new: Iterable[Record]) -> None:
    """Those that are worth less than what is there are passed over; those that are worth more take its place."""
    for record in new:
        one = record.measurement
        if one.quality not in RANKS:
            continue
        rows = known.newest.setdefault((one.subject, one.conditions), [])
        if rows and _worth(rows[-1]) < _worth(record):
            rows.clear()
        if not rows or _worth(rows[-1]) == _worth(record):
            rows.append(record)
            del rows[:-RUNS]


def _worth(record: Record) -> tuple[bool, int]:
    return standing(record.measurement)[:2]


def _middle(rows: list[Record]) -> Measurement:
    ordered = sorted((record.measurement for record in rows), key=lambda row: row.latency.ms)
    return ordered[(len(ordered) - 1) // 2]
