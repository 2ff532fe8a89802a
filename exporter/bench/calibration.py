"""Registered models timed whole, for what a model costs beside its kernels, and the fit of both to this machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from time import monotonic

from device_profiles.vocabulary import Runtime
from exporter.backends.runner import Progress
from exporter.bench.host import conditions, device, measurement
from exporter.bench.sweep import measured
from exporter.bench.timekeeper import Timed, time_artifacts
from exporter.models.registry import MODELS, ModelInfo
from latency_db.kernel import Kernel
from latency_db.measurement import Measurement, Subject
from latency_db.operators.measured_table import (
    FEWEST_GRAPHS,
    NO_OVERHEADS,
    Fit,
    MeasuredDevice,
    fitted_overheads,
    measured_table,
)
from latency_db.registered import NotInIndex, shipped_index
from latency_db.store.store import Store

SECONDS = 1.5
"""For each model"""
AT_ONCE = 6
"""Models that are timed in turns, and are in memory meanwhile"""
FEWEST_KERNELS = 30
"""That a fit is made to"""
_GRAPH = "classify"
_NOTE = "seeded weights"


def subject(info: ModelInfo) -> Subject:
    return Subject.of_graph(info.name, _GRAPH, (info.image_size, info.image_size))


def calibrate(store: Store, runtime: Runtime, threads: int, folder: Path, minutes: float, progress: Progress) -> int:
    """Time the registered classifiers at their own sizes that the store has not, small ones first, as many as can be
    begun within so many minutes; returns how many were."""
    had, end = measured(store, runtime, threads), monotonic() + 60 * minutes
    missing = [info for info in MODELS.values() if info.family.task == "classify" and subject(info) not in had]
    waiting, count = sorted(missing, key=lambda info: info.gmacs), 0
    while waiting and monotonic() < end:
        made: list[tuple[Subject, Timed]] = []
        while waiting and len(made) < AT_ONCE and monotonic() < end:
            info = waiting.pop(0)
            progress(f"{runtime}: {info.name}", 1 - (len(waiting) + 1) / len(missing))
            made.append((subject(info), _artifact(info, runtime, folder)))
        count += time_graphs(store, runtime, threads, made)
    return count


def time_graphs(
    store: Store, runtime: Runtime, threads: int, artifacts: Sequence[tuple[Subject, Timed]], note: str = _NOTE
) -> int:
    """Time graphs, several in turns, and store them; returns how many ran."""
    ran, count = conditions(runtime, threads), 0
    for first in range(0, len(artifacts), AT_ONCE):
        batch = artifacts[first : first + AT_ONCE]
        times = time_artifacts(runtime, [artifact for _, artifact in batch], SECONDS, threads)
        rows = [
            measurement(graph, ran, one, note)
            for (graph, _), one in zip(batch, times, strict=True)
            if one.samples is not None
        ]
        store.add(rows)
        count += len(rows)
    return count


def _artifact(info: ModelInfo, runtime: Runtime, folder: Path) -> Timed:
    from exporter.backends import backend
    from exporter.backends.interface import LowerOptions
    from exporter.graphs.cut import graphs_of
    from exporter.models.registry import create_model
    from exporter.models.weights.loading import seed_weights

    path = folder / f"{info.name}-{info.image_size}.{runtime}"
    if not path.exists():
        network = create_model(info.name)
        seed_weights(network)
        unfinished = path.with_suffix(".part")
        backend(runtime).lower(graphs_of(network)[0], unfinished, LowerOptions("fp32"))
        unfinished.replace(path)
    return Timed(path, {"image": (1, 3, info.image_size, info.image_size)})


def fitted(store: Store, runtime: Runtime, threads: int) -> Fit | None:
    """What the rows of this machine say of it; None where there are fewer than `FEWEST_KERNELS` kernels."""
    rows = measured(store, runtime, threads)
    us = kernel_times(rows.values())
    return fit(runtime, threads, us, graphs_timed(rows.values(), runtime)) if len(us) >= FEWEST_KERNELS else None


def fit(
    runtime: Runtime, threads: int, us: dict[Kernel, float], graphs: Iterable[tuple[Sequence[Kernel], float]]
) -> Fit:
    """From the µs of kernels, and of graphs that were timed whole."""
    from latency_db.fitting.kernel_hyperparameters import fit_table

    machine, version = device(), conditions(runtime, threads).runtime_version
    classes = fit_table(measured_table(runtime, machine.id, us))
    plain = Fit(machine.soc, runtime, version, threads, classes, NO_OVERHEADS, len(us))
    estimator = MeasuredDevice.of(runtime, machine.id, us, plain)
    parts = [estimator.timed(kernels, total) for kernels, total in graphs]
    overheads = fitted_overheads(parts) if len(parts) >= FEWEST_GRAPHS else NO_OVERHEADS
    return Fit(machine.soc, runtime, version, threads, classes, overheads, len(us))


def kernel_times(rows: Iterable[Measurement]) -> dict[Kernel, float]:
    """Kernel -> µs"""
    return {Kernel.of_key(row.subject.key): 1e3 * row.latency.ms for row in rows if row.subject.kind == "kernel"}


def graphs_timed(rows: Iterable[Measurement], runtime: Runtime) -> Iterator[tuple[Sequence[Kernel], float]]:
    """(kernels, µs) of graphs of registered models at sizes that the index has"""
    for row in rows:
        if row.subject.kind != "graph":
            continue
        model, *size, graph = row.subject.key.split()
        try:
            workload = shipped_index().workload(model, int(size[0].partition("x")[0]), runtime, "cpu") if size else None
        except NotInIndex:
            continue
        if workload is not None and graph in workload.graphs:
            yield workload.graphs[graph], 1e3 * row.latency.ms
