"""What a device is asked to run: registered models as the shipped index has them."""

from __future__ import annotations

from functools import lru_cache

from latency_db.estimator.question import DEFAULT_UNITS
from latency_db.estimator.workload import Workload
from latency_db.measurement import Conditions, Unit
from latency_db.registered import NotInIndex, shipped_index
from latency_db.service.problems import NOTHING_KNOWN, Problem


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
