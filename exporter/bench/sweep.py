"""The sweep: times one kernel after the other on this machine until the time is up, and goes on where it was stopped.

What is in the store already is not timed again, but for what was timed while the machine was busy, which comes last.
Making artefacts and timing them never overlap: one would slow the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from device_profiles.vocabulary import Runtime
from exporter.backends.runner import Progress
from exporter.bench.host import conditions, device, measurement
from exporter.bench.kernel_artifacts import KernelFolder, NotMade
from exporter.bench.timekeeper import Timed, time_artifacts
from latency_db.kernel import Kernel
from latency_db.measurement import Measurement, Subject
from latency_db.ranking import believed
from latency_db.store.store import Store

AT_ONCE = 16
"""Kernels that are timed in turns: what they read and write is more than the nearest caches hold"""
SECONDS = 0.3
"""For each kernel"""


@dataclass(frozen=True)
class Swept:
    """What became of a sweep."""

    timed: int
    known: int
    """That the store had before"""
    impossible: int
    """That cannot be made, or do not run"""
    left: int
    """For which the time did not suffice"""


def measured(store: Store, runtime: Runtime, threads: int) -> dict[Subject, Measurement]:
    """Kernels and graphs that were timed on this machine with this version of the runtime, each with its best row."""
    here, ran = device(), conditions(runtime, threads)
    rows = store.measurements(
        device=here.id,
        soc=here.soc,
        runtime=runtime,
        runtime_version=ran.runtime_version,
        threads=threads,
        method=ran.method,
        precision="fp32",
    )
    return believed(record.measurement for record in rows)


def sweep(
    store: Store,
    runtime: Runtime,
    threads: int,
    kernels: Sequence[Kernel],
    folder: KernelFolder,
    minutes: float,
    progress: Progress,
) -> Swept:
    """Time kernels in this order for so many minutes, and store each batch as soon as it is done."""
    end, begun = monotonic() + 60 * minutes, monotonic()
    had = measured(store, runtime, threads)
    wanted = [kernel for kernel in kernels if Subject.of_kernel(kernel) not in had]
    again = [kernel for kernel in kernels if _doubtful(had.get(Subject.of_kernel(kernel)))]
    waiting = [*wanted, *again]
    total, timed, impossible = len(waiting), 0, 0
    ran = conditions(runtime, threads)
    while waiting and monotonic() < end:
        done = total - len(waiting)
        left = min((monotonic() - begun) / done * len(waiting), end - monotonic()) if done else end - monotonic()
        progress(f"{runtime}: {done} of {total} kernels, {left / 60:.0f} min left", done / total)
        batch, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
        made = _made(batch, runtime, folder)
        times = time_artifacts(runtime, [artifact for _, artifact in made], SECONDS, threads)
        rows = [
            measurement(Subject.of_kernel(kernel), ran, one)
            for (kernel, _), one in zip(made, times, strict=True)
            if one.samples is not None
        ]
        store.add(rows)
        timed, impossible = timed + len(rows), impossible + len(batch) - len(rows)
    return Swept(timed, len(had), impossible, len(waiting))


def _doubtful(row: Measurement | None) -> bool:
    return row is not None and row.quality == "busy"


def _made(kernels: Sequence[Kernel], runtime: Runtime, folder: KernelFolder) -> list[tuple[Kernel, Timed]]:
    """Those that can be made, with their artefacts."""
    found = []
    for kernel in kernels:
        try:
            found.append((kernel, folder.made(kernel, runtime)))
        except NotMade:
            continue
    return found
