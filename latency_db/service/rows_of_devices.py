"""What estimates need of each device, kept between questions and brought up to date by rows that came since.

Every question asks the database for the newest row of its device, so that several processes over one database know the
same at any time, and what one of them was posted counts in the next answer of all.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from latency_db.measurement import Measurement, Subject
from latency_db.ranking import NEVER
from latency_db.store.errors import TakesLonger
from latency_db.store.of_devices import OfDevices
from latency_db.store.rows import Record
from latency_db.store.store import Store

RUNS = 5
"""Rows that came under the same conditions, of which the one in the middle counts: a single phone that was busy would
answer for all others of its model"""
_SHARED = ""
"""In place of a model's name: kernels and whole models, on which the estimates of any model may rest"""

_Way = tuple[str | None, str | None, int | None, str]
"""Unit, precision, threads and cores"""
_Moment = tuple[datetime, str, int]
"""When a row was measured and, of those that say the same or nothing, which of them estimates are given first"""


@dataclass(frozen=True)
class Rows:
    """That an estimate rests on."""

    version: tuple[Hashable, ...]
    """Another one whenever the estimate may be"""
    rows: Callable[[], Sequence[Measurement]]


@dataclass(frozen=True)
class _Group:
    """Rows that change together, in the order in which they were added."""

    version: int
    """The newest row of the device when it changed last"""
    records: tuple[Record, ...]

    @cached_property
    def ways(self) -> Mapping[tuple[str, _Way], tuple[int, _Moment]]:
        """Name and way in which it was run -> how often, and when first"""
        found = dict[tuple[str, _Way], tuple[int, _Moment]]()
        for record in self.records:
            row, had = record.measurement, record.measurement.conditions
            at = row.measured_at or NEVER, _name(row.subject), record.id
            key = row.subject.name, (had.unit, had.precision, had.threads, had.cores)
            times, first = found.get(key, (0, at))
            found[key] = times + 1, min(first, at)
        return found


_NO_GROUP = _Group(0, ())


@dataclass(frozen=True)
class KnownRows:
    """Of a device, as they are at some moment."""

    last_id: int
    groups: Mapping[tuple[str | None, str], _Group]
    """By runtime, which says nothing of others, and by the model whose graphs they are"""
    _usual: dict[tuple[str | None, Collection[str]], tuple[_Way, ...]] = field(default_factory=dict, compare=False)

    def of(self, runtime: str | None, names: Collection[str] = ()) -> Rows:
        """What bears on a model that is known under these names, or without them on kernels: all that was measured
        under the runtime, though of graphs of other models nothing follows but how things are usually run."""
        versions = [self.groups.get((runtime, name), _NO_GROUP).version for name in (_SHARED, *sorted(names))]
        return Rows((*versions, self._usual_ways(runtime, frozenset())), lambda: self._under(runtime))

    def without(self, runtime: str | None, names: Collection[str]) -> Rows:
        """What bears on a model with these names, but for what was measured of itself."""
        version = self.groups.get((runtime, _SHARED), _NO_GROUP).version

        def rows() -> list[Measurement]:
            return [row for row in self._under(runtime) if row.subject.name not in names]

        return Rows((version, self._usual_ways(runtime, frozenset(names))), rows)

    def all(self) -> list[Measurement]:
        """In the order in which they were added."""
        records = sorted((one for group in self.groups.values() for one in group.records), key=lambda one: one.id)
        return [record.measurement for record in records]

    def _under(self, runtime: str | None) -> list[Measurement]:
        """In an order that does not depend on what this process knew before."""
        names = sorted(name for ran_by, name in self.groups if ran_by == runtime)
        return [record.measurement for name in names for record in self.groups[runtime, name].records]

    def _usual_ways(self, runtime: str | None, without: Collection[str]) -> tuple[_Way, ...]:
        """On each unit in each precision from that in which most was run, which `estimator.question` takes where nobody
        says."""
        if (runtime, without) not in self._usual:
            found = defaultdict[_Way, list[tuple[int, _Moment]]](list)
            for (ran_by, _), group in self.groups.items():
                for (name, way), times in group.ways.items() if ran_by == runtime else ():
                    if name not in without:
                        found[way].append(times)
            order = {
                way: (str(way[:2]), -sum(count for count, _ in all), min(at for _, at in all))
                for way, all in found.items()
            }
            self._usual[runtime, without] = tuple(sorted(order, key=lambda way: order[way]))
        return self._usual[runtime, without]


class RowsOfDevices:
    """Of one database. Threads may ask at once."""

    def __init__(self, store: Store) -> None:
        self._of_devices, self._at_once = store.of_devices, store.at_once().of_devices
        self._devices = dict[str, KnownRows]()
        self._locks = dict[str, threading.Lock]()

    def of(self, device: str) -> KnownRows:
        """What is known of a device now."""
        last = self._of_devices.last_id(device)
        if not last:  # nothing is kept of a name that anybody may ask with
            return KnownRows(0, {})
        if (known := self._known(device, last)) is None:
            with self._lock(device):
                known = self._known(device, last) or self._read(device, self._of_devices)
        return known

    def at_once(self, device: str) -> KnownRows:
        """The same. Raises `TakesLonger` where all of its rows, or many, would have to be read."""
        last = self._at_once.last_id(device)
        if not last:
            return KnownRows(0, {})
        if (known := self._known(device, last)) is None:
            if device not in self._devices or not self._lock(device).acquire(blocking=False):
                raise TakesLonger
            try:
                known = self._read(device, self._at_once)
            finally:
                self._lock(device).release()
        return known

    def _known(self, device: str, last: int) -> KnownRows | None:
        """If it was read up to a row."""
        known = self._devices.get(device)
        return known if known and known.last_id >= last else None

    def _lock(self, device: str) -> threading.Lock:
        return self._locks.setdefault(device, threading.Lock())

    def _read(self, device: str, of_devices: OfDevices) -> KnownRows:
        """Up to the newest row: whole, or what was added or corrected since. Ids rise with each commit, and what comes
        between the questions here is asked for once more."""
        known = self._devices.get(device)
        last = of_devices.last_id(device)
        changed = of_devices.subjects_since(device, known.last_id) if known else None
        new = defaultdict[tuple[str | None, str], list[Record]](list)
        for record in of_devices.believable(device, RUNS, changed):
            new[_group(record.measurement)].append(record)
        names = set(map(_name, changed or ()))
        groups = dict(known.groups) if known else {}
        for key in {*new, *(key for key in groups if key[1] in names)}:
            before = groups.get(key, _NO_GROUP).records
            kept = [record for record in before if record.measurement.subject not in (changed or ())]
            records = tuple(sorted([*kept, *new.get(key, ())], key=lambda one: one.id))
            if records != before:
                groups[key] = _Group(last, records)
        self._devices[device] = KnownRows(last, groups)
        return self._devices[device]


def _group(row: Measurement) -> tuple[str | None, str]:
    return row.conditions.runtime, _name(row.subject)


def _name(subject: Subject) -> str:
    return subject.name if subject.kind == "graph" else _SHARED
