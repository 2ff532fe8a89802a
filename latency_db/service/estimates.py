"""Estimates for questions that come again and again: each is made once for what is known of its device."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import count

import device_profiles
from device_profiles.schema import Device
from latency_db.estimator.estimate import Estimate
from latency_db.estimator.estimator import estimate
from latency_db.estimator.workload import Workload
from latency_db.measurement import Conditions, Measurement
from latency_db.registered import RegisteredModel, shipped_index
from latency_db.service.expected import expected
from latency_db.service.problems import Problem
from latency_db.service.rows_of_devices import KnownRows, RowsOfDevices
from latency_db.service.workloads import workload_of
from latency_db.store.errors import TakesLonger

_MOMENT_SECONDS = 0.05
"""In which an answer at once may make estimates"""
_KEPT = 4_000
"""Estimates; one of a model has about 30 KB."""


@dataclass(frozen=True)
class Made:
    """An estimate, or that there is none."""

    number: int
    """Another one for each that is made"""
    found: Estimate | ValueError
    version: tuple[Hashable, ...]
    """Of the rows that it rests on"""
    seconds: float
    """Of a processor that it took to make"""

    @property
    def estimate(self) -> Estimate:
        """Raises `NoEstimate`, or `ValueError` for threads or cores that the device lacks."""
        if isinstance(self.found, ValueError):
            raise type(self.found)(*self.found.args)
        return self.found


class Estimates:
    """Over the rows of one database. Threads may ask at once."""

    def __init__(self, rows: RowsOfDevices) -> None:
        self.rows = rows
        self._made = OrderedDict[Hashable, Made]()
        self._lock = threading.Lock()
        self._making = threading.Lock()
        """One estimate at a time: threads that made the same one, or ten at once, would delay all other answers"""
        self._numbers = count()
        self._seconds: float | None = None
        """That are left to make estimates in, where there is not as much time as it takes"""

    def at_once(self) -> Estimates:
        """The same for one answer that cannot wait: `TakesLonger` is raised by what reads all rows of a device, and by
        estimates that nobody made before or that take more than a moment to make again."""
        view = copy(self)
        view._seconds = _MOMENT_SECONDS
        return view

    def known(self, device: str) -> KnownRows:
        """What was measured on a device."""
        return self.rows.of(device) if self._seconds is None else self.rows.at_once(device)

    def of(self, model: str, size: int, device: str, conditions: Conditions, known: KnownRows) -> Made:
        """What a registered model takes on a device that has a profile, by the rows that are known of it.

        Raises `Problem` for a size that the index lacks.
        """
        workload = workload_of(model, size, conditions)
        rows = known.of(conditions.runtime, workload.names)
        key = (model, size, device, conditions)
        return self._kept(key, rows.version, lambda: estimate(workload, device, conditions, rows.rows()))

    def without(self, row: Measurement, known: KnownRows) -> Estimate | None:
        """What the subject of a row would take, had nobody measured its model; None where that cannot be told, as of
        kernels and of devices without a profile."""
        asked = expected(row)
        if asked is None:
            return None
        rows = known.without(row.conditions.runtime, asked.names)
        key = ("without", row.subject, row.device.id, row.conditions)
        try:
            return self._kept(
                key, rows.version, lambda: estimate(asked.workload, row.device.id, row.conditions, rows.rows())
            ).estimate
        except (ValueError, device_profiles.UnknownDevice):  # `NoEstimate` is one of the former
            return None

    def _kept(self, key: Hashable, version: tuple[Hashable, ...], make: Callable[[], Estimate]) -> Made:
        """What was made before of the same rows; else it is made."""
        made = self._last(key)
        if made and made.version == version:
            return made
        if self._seconds is not None and (made is None or made.seconds > self._seconds):
            raise TakesLonger
        if not self._making.acquire(blocking=self._seconds is None):
            raise TakesLonger
        try:
            made = self._last(key)
            if made is None or made.version != version:
                made = self._make(key, version, make)
                if self._seconds is not None:
                    self._seconds -= made.seconds
            return made
        finally:
            self._making.release()

    def _last(self, key: Hashable) -> Made | None:
        """What was made before, of these rows or of those before."""
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
            return self._made.get(key)

    def _make(self, key: Hashable, version: tuple[Hashable, ...], make: Callable[[], Estimate]) -> Made:
        found: Estimate | ValueError
        begun = time.thread_time()
        try:
            found = make()
        except ValueError as refused:
            # Its frames would keep the rows.
            refused.__cause__ = refused.__context__ = refused.__traceback__ = None
            found = refused
        made = Made(next(self._numbers), found, version, time.thread_time() - begun)
        with self._lock:
            self._made[key] = made
            self._made.move_to_end(key)
            if len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return made

    def of_kernels(self, workload: Workload, device: str, conditions: Conditions) -> Estimate:
        """Of kernels that are no model's. Raises `NoEstimate`, or `ValueError` for threads or cores that the device
        lacks."""
        return estimate(workload, device, conditions, self.rows.of(device).of(conditions.runtime).rows())


def profile_of(name: str) -> Device:
    """A device that can be estimated. Raises `Problem`."""
    try:
        return device_profiles.load(name)
    except device_profiles.UnknownDevice as unknown:
        closest = f"There is no profile of {name!r}: the closest are {', '.join(unknown.closest)}"
        others = "GET /v1/devices says which have one, and /v1/measurements has what was measured of others"
        raise Problem(404, f"{closest}; {others}.") from None


def models_named(name: str) -> Sequence[RegisteredModel]:
    """A registered model at each of its sizes, smallest first. Raises `Problem`."""
    index = shipped_index()
    sizes = index.sizes(name)
    if not sizes:
        closest = get_close_matches(name, dict.fromkeys(known for known, _ in index.models), n=3, cutoff=0.5)
        hint = f"the closest are {', '.join(closest)}, and " if closest else ""
        raise Problem(404, f"There is no registered model {name!r}: {hint}GET /v1/models names those that there are.")
    return [index.models[name, size] for size in sizes]


def size_of(name: str, asked: int | None) -> int:
    """The size that is meant. Raises `Problem`."""
    return asked if asked is not None else models_named(name)[0].usual_size


def conditions_of(device: Device, stated: Conditions) -> Conditions:
    """With a runtime: the first format that the device prefers, where none is stated."""
    return stated if stated.runtime else replace(stated, runtime=device.prefer.formats[0])
