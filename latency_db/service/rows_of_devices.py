"""What estimates need of each device, kept between questions and brought up to date by rows that came since.

Every question asks the database for the newest row of its device, so that several processes over one database know the
same at any time, and what one of them was posted counts in the next answer of all.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from latency_db.measurement import Measurement, Subject
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
    models: Mapping[str, int]
    """The version with which each that was measured came, as far as this process saw it"""


NO_ROWS = Rows(0, (), {})


@dataclass(frozen=True)
class _Device:
    last_id: int
    by_subject: Mapping[Subject, Sequence[Measurement]]
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
        by_subject, touched = dict[Subject, Sequence[Measurement]](), set[str | None]()
        changed = None if known is None else self._store.subjects_since(device, known.last_id)
        for subject, rows in known.by_subject.items() if known else ():
            if changed is not None and subject in changed:
                touched |= {row.conditions.runtime for row in rows}
            else:
                by_subject[subject] = rows
        new = defaultdict[Subject, list[Measurement]](list)
        for row in self._store.believable(device, RUNS, changed):
            new[row.subject].append(row)
            touched.add(row.conditions.runtime)
        by_subject |= new
        models = dict(known.whole.models) if known else {}
        new_subjects = by_subject if changed is None else changed
        models |= {subject.name: last for subject in new_subjects if subject.kind != "kernel"}
        whole = tuple(row for rows in by_subject.values() for row in rows)
        by_runtime = {
            runtime: replace(rows, models=models) for runtime, rows in (known.by_runtime if known else {}).items()
        }
        for runtime in filter(None, touched):
            by_runtime[runtime] = Rows(last, tuple(row for row in whole if row.conditions.runtime == runtime), models)
        return _Device(last, by_subject, Rows(last, whole, models), by_runtime)
