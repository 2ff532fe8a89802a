"""Estimates for questions that come again and again: each is made once for what is known of its device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import device_profiles
from device_profiles.schema import Device
from latency_db.estimator.estimate import Estimate, NoEstimate
from latency_db.estimator.estimator import estimate
from latency_db.estimator.question import DEFAULT_UNITS
from latency_db.estimator.workload import Workload
from latency_db.measurement import Conditions, Unit
from latency_db.registered import NotInIndex, RegisteredModel, shipped_index
from latency_db.service.kept import Kept
from latency_db.service.problems import Problem
from latency_db.service.rows_of_devices import RowsOfDevices

NOTHING_KNOWN = "/problems/nothing-known"
_KEPT = 2_000
"""Answers; one of a model has about 30 KB."""


class Estimates:
    """Over the rows of one database. Threads may ask at once."""

    def __init__(self, rows: RowsOfDevices) -> None:
        self.rows = rows
        self._kept = Kept[Estimate | NoEstimate](_KEPT)

    def of(self, model: str, size: int, device: str, conditions: Conditions) -> Estimate:
        """What a registered model takes on a device that has a profile.

        Raises `NoEstimate`, and `ValueError` for threads or cores that the device lacks.
        """
        known = self.rows.of(device, conditions.runtime)

        def make() -> Estimate | NoEstimate:
            try:
                return estimate(workload_of(model, size, conditions), device, conditions, known.rows)
            except NoEstimate as nothing:
                return nothing

        found = self._kept.value((model, size, device, conditions, known.version), make)
        if isinstance(found, NoEstimate):
            raise NoEstimate(*found.args)
        return found

    def of_kernels(self, workload: Workload, device: str, conditions: Conditions) -> Estimate:
        """Of kernels that are no model's. Raises as `of` does."""
        return estimate(workload, device, conditions, self.rows.of(device, conditions.runtime).rows)


def workload_of(model: str, size: int, conditions: Conditions) -> Workload:
    """A registered model at a size that the index has, as a runtime cuts it. Raises `Problem`."""
    try:
        return _workload(model, size, str(conditions.runtime), unit_of(conditions))
    except NotInIndex as missing:
        raise Problem(422, str(missing), type=NOTHING_KNOWN) from None


@lru_cache(maxsize=512)
def _workload(model: str, size: int, runtime: str, unit: str) -> Workload:
    return shipped_index().workload(model, size, runtime, unit)


def unit_of(conditions: Conditions) -> Unit:
    """Where it runs: as stated, else where the runtime runs things unless it is told."""
    return conditions.unit or DEFAULT_UNITS.get(str(conditions.runtime), "cpu")


def profile_of(name: str) -> Device:
    """A device that can be estimated. Raises `Problem`."""
    try:
        return device_profiles.load(name)
    except device_profiles.UnknownDevice as unknown:
        raise Problem(404, str(unknown)) from None


def models_named(name: str) -> Sequence[RegisteredModel]:
    """A registered model at each of its sizes, smallest first. Raises `Problem`."""
    index = shipped_index()
    sizes = index.sizes(name)
    if not sizes:
        raise Problem(404, f"There is no registered model {name!r}: GET /v1/models names those that there are.")
    return [index.models[name, size] for size in sizes]


def size_of(name: str, asked: int | None) -> int:
    """The size that is meant. Raises `Problem`."""
    return asked if asked is not None else models_named(name)[0].usual_size


def conditions_of(device: Device, stated: Conditions) -> Conditions:
    """With a runtime: the first format that the device prefers, where none is stated."""
    return stated if stated.runtime else replace(stated, runtime=device.prefer.formats[0])
