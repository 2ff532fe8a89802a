"""What estimates need of each device, kept between questions and brought up to date by rows that came since.

Every question asks the database for the newest row of its device, so that several processes over one database know the
same at any time, and what one of them was posted counts in the next answer of all.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from latency_db.measurement import Measurement, Subject
from latency_db.store.rows import Record
from latency_db.store.store import Store

RUNS = 5
"""Rows that came under the same conditions, of which the one in the middle counts: a single phone that was busy would
answer for all others of its model"""


@dataclass(frozen=True)
class Rows:
    """Of one device, and of one runtime where that is said."""

    version: int
    """Another one whenever one of them is"""
    rows: tuple[Measurement, ...]
    """In the order in which they were added, whatever this process knew before"""


NO_ROWS = Rows(0, ())


@dataclass(frozen=True)
class _Device:
    last_id: int
    by_subject: Mapping[Subject, Sequence[Record]]
    whole: Rows
    by_runtime: Mapping[str, Rows]


class RowsOfDevices:
    """Of one database. Threads may ask at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._devices = dict[str, _Device]()
        self._lock = threading.Lock()

    def of(self, device: str, runtime: str | None = None) -> Rows:
        """What a device's estimates rest on now; of one runtime, which says nothing of others, or of all."""
        last = self._store.last_id(device)
        if not last:  # nothing is kept of a name that anybody may ask with
            return NO_ROWS
        known = self._devices.get(device)
        if known is None or known.last_id != last:
            with self._lock:
                known = self._devices.get(device)
                if known is None or known.last_id < last:
                    known = self._devices[device] = self._read(device, known)
        return known.whole if runtime is None else known.by_runtime.get(runtime, NO_ROWS)

    def _read(self, device: str, known: _Device | None) -> _Device:
        """Up to the newest row: whole, or what was added or corrected since. Ids rise with each commit, and what comes
        between the questions here is asked for once more."""
        last = self._store.last_id(device)
        by_subject, touched = dict[Subject, Sequence[Record]](), set[str | None]()
        changed = None if known is None else self._store.subjects_since(device, known.last_id)
        for subject, records in known.by_subject.items() if known else ():
            if changed is not None and subject in changed:
                touched |= {record.measurement.conditions.runtime for record in records}
            else:
                by_subject[subject] = records
        new = defaultdict[Subject, list[Record]](list)
        for record in self._store.believable(device, RUNS, changed):
            new[record.measurement.subject].append(record)
            touched.add(record.measurement.conditions.runtime)
        by_subject |= new
        ordered = sorted((record for records in by_subject.values() for record in records), key=lambda one: one.id)
        whole = tuple(record.measurement for record in ordered)
        by_runtime = dict(known.by_runtime) if known else {}
        for runtime in filter(None, touched):
            by_runtime[runtime] = Rows(last, tuple(row for row in whole if row.conditions.runtime == runtime))
        return _Device(last, by_subject, Rows(last, whole), by_runtime)
