"""What a measured row would be expected to be, had nobody measured its model."""

from __future__ import annotations

from collections.abc import Sequence

from latency_db.estimator.estimate import Estimate
from latency_db.estimator.estimator import estimate
from latency_db.estimator.workload import Workload
from latency_db.measurement import Measurement
from latency_db.registered import shipped_index
from latency_db.service.problems import Problem
from latency_db.service.workloads import workload_of


def expected(row: Measurement, others: Sequence[Measurement]) -> Estimate:
    """By rows of other models, and of kernels. Raises `NoEstimate`, and `ValueError` for what cannot be estimated."""
    workload = _workload(row)
    if workload is None:
        raise ValueError(f"{row.subject.key} is none of a registered model")
    return estimate(workload, row.device.id, row.conditions, others)


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
