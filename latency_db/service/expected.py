"""What a measured row would be expected to be, had nobody measured its model."""

from __future__ import annotations

from collections.abc import Sequence

from latency_db.estimator.estimate import Estimate
from latency_db.estimator.estimator import estimate
from latency_db.estimator.workload import Workload
from latency_db.measurement import Measurement
from latency_db.registered import shipped_index
from latency_db.service.estimates import workload_of
from latency_db.service.problems import Problem


def expected(row: Measurement, rows: Sequence[Measurement]) -> Estimate | None:
    """What the subject of a row would take by all rows but those of its model; None of what cannot be estimated."""
    workload = _workload(row)
    if workload is None:
        return None
    others = [one for one in rows if one.subject.name != row.subject.name]
    try:
        return estimate(workload, row.device.id, row.conditions, others)
    except ValueError:  # of which `NoEstimate` is one
        return None


def _workload(row: Measurement) -> Workload | None:
    """Of a registered model, whole, or of one of the graphs that run for each image."""
    subject, index = row.subject, shipped_index()
    sizes = index.sizes(subject.name)
    if subject.kind == "kernel" or not sizes or row.conditions.runtime is None:
        return None
    side = subject.image_size[0] if subject.image_size else index.models[subject.name, sizes[0]].usual_size
    try:
        whole = workload_of(subject.name, side, row.conditions)
    except Problem:
        return None
    if subject.kind == "model" or set(whole.graphs) == {subject.task}:
        return whole
    return Workload({subject.task: whole.graphs[subject.task]}) if subject.task in whole.graphs else None
