"""What a measured row is asked about to see what it would be expected to be, had nobody measured its model."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from latency_db.estimator.question import HOST
from latency_db.estimator.workload import Workload
from latency_db.measurement import Measurement
from latency_db.registered import shipped_index
from latency_db.service.problems import Problem
from latency_db.service.workloads import workload_of


@dataclass(frozen=True)
class Expected:
    """What is to be estimated."""

    workload: Workload
    names: Collection[str]
    """Under which its model may have been measured"""


def expected(row: Measurement) -> Expected | None:
    """A registered model, whole, or one of the graphs that run for each image; None for a row of anything else, and for
    one of a computer, which is known by what was measured on it alone."""
    subject, index = row.subject, shipped_index()
    sizes = index.sizes(subject.name)
    if subject.kind == "kernel" or not sizes or row.conditions.runtime is None or row.device.id == HOST:
        return None
    side = subject.image_size[0] if subject.image_size else index.models[subject.name, sizes[0]].usual_size
    try:
        whole = workload_of(subject.name, side, row.conditions)
    except Problem:
        return None
    names = {subject.name, *whole.names}
    if subject.kind == "model" or set(whole.graphs) == {subject.task}:
        return Expected(whole, names)
    if subject.task not in whole.graphs:
        return None
    return Expected(Workload({subject.task: whole.graphs[subject.task]}), names)
