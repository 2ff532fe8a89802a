"""What the rows of this machine say of it: processes of its kernels, and what a graph takes beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from device_profiles.vocabulary import Runtime
from exporter.bench.host.device import conditions, device
from exporter.bench.host.plan import CALL
from exporter.bench.host.session import Session
from latency_db.kernel import Kernel
from latency_db.measurement import Measurement, Subject
from latency_db.operators.calibration import FEWEST_MODELS, NOT_CALIBRATED, Calibration, GraphTimed, calibrated
from latency_db.operators.fit_file import Fit
from latency_db.operators.measured_device import MeasuredDevice, but_those_of
from latency_db.operators.table import KernelTable
from latency_db.registered import NotInIndex, shipped_index

FEWEST_KERNELS = 30
"""That a fit is made to"""

GraphTime = tuple[str, Sequence[Kernel], float]
"""Model, kernels, and the µs of the whole"""


def fitted(session: Session, fewest: int = FEWEST_KERNELS) -> Fit | None:
    """None where the store has fewer than `fewest` kernels."""
    rows = session.measured().values()
    us = kernel_times(rows)
    if len(us) < fewest:
        return None
    return fit(session.runtime, session.threads, us, graphs_timed(rows, session.runtime))


def fit(runtime: Runtime, threads: int, us: dict[Kernel, float], graphs: Sequence[GraphTime]) -> Fit:
    """From the µs of kernels, `CALL` perhaps among them, and of graphs that were timed whole."""
    from latency_db.fitting.kernel_hyperparameters import fit_table

    here, version = device(), conditions(runtime, threads).runtime_version
    known = {kernel: time for kernel, time in us.items() if kernel != CALL}
    classes, call = fit_table(KernelTable.of(runtime, here.id, known)), us.get(CALL, 0.0)
    keys = tuple(kernel.key for kernel in known)
    plain = Fit(here.soc, runtime, version, threads, classes, NOT_CALIBRATED, keys, call)
    calibration = calibration_by(plain, known, graphs)
    return Fit(here.soc, runtime, version, threads, classes, calibration, keys, call)


def calibration_by(plain: Fit, us: dict[Kernel, float], graphs: Sequence[GraphTime]) -> Calibration:
    """What graphs say that were timed whole, of which there may be too few."""
    if len({model for model, _, _ in graphs}) < FEWEST_MODELS:
        return NOT_CALIBRATED
    whole = MeasuredDevice.of(plain.runtime, device().id, us, plain)
    timed = []
    for model, kernels, total in graphs:
        others = but_those_of(us, kernels, plain.runtime)
        unseen = MeasuredDevice.of(plain.runtime, device().id, others, plain) if others else whole
        timed.append(GraphTimed(model, total, whole.priced(kernels), unseen.priced(kernels)))
    return calibrated(timed)


def kernel_times(rows: Iterable[Measurement]) -> dict[Kernel, float]:
    """Kernel -> µs"""
    rows = list(rows)
    calls = [row for row in rows if row.subject == Subject.of_kernel(CALL)]
    of_kernels = [row for row in rows if row.subject.kind == "kernel" and row not in calls]
    believed = [*undisturbed(of_kernels, FEWEST_KERNELS), *calls]
    return {Kernel.of_key(row.subject.key): 1e3 * row.latency.ms for row in believed}


def graphs_timed(rows: Iterable[Measurement], runtime: Runtime) -> list[GraphTime]:
    """Of registered models at sizes that the index has"""
    of_graphs = [row for row in rows if row.subject.kind == "graph"]
    believed = undisturbed(of_graphs, FEWEST_MODELS)
    found = [(row.subject.name, _kernels(row, runtime), 1e3 * row.latency.ms) for row in believed]
    return [(model, kernels, us) for model, kernels, us in found if kernels]


def undisturbed(rows: Collection[Measurement], fewest: int) -> Collection[Measurement]:
    """Those that were not timed while the machine was busy; all, where fewer than `fewest` were not."""
    quiet = [row for row in rows if row.quality not in ("busy", "suspect")]
    return quiet if len(quiet) >= fewest else rows


def _kernels(row: Measurement, runtime: Runtime) -> Sequence[Kernel]:
    """Of the row's graph; none where the index does not have it"""
    model, *size, graph = row.subject.key.split()
    try:
        workload = shipped_index().workload(model, int(size[0].partition("x")[0]), runtime, "cpu") if size else None
    except NotInIndex:
        return ()
    return workload.graphs.get(graph, ()) if workload is not None else ()
