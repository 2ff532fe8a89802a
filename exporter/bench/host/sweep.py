"""The sweep: times one kernel after the other on this machine until the time is up, and goes on where it was stopped.

What is in the store already is not timed again, but for what was timed while the machine was busy, which comes late;
last come kernels that could not be made or run before. Making artefacts and timing them never overlap: one would slow
the other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from exporter.bench.host.session import Session
from exporter.bench.kernels.artifacts import KernelFolder, NotMade
from exporter.bench.kernels.refusals import Refusals
from exporter.bench.timing.time_left import time_left
from exporter.bench.timing.timekeeper import KERNEL_PATIENCE, Timed, time_artifacts
from latency_db.kernel import Kernel
from latency_db.measurement import Measurement, Subject

AT_ONCE = 16
"""Kernels that are timed in turns: what they read and write is mostly more than the nearest caches hold"""
SECONDS = 0.3
"""For each kernel"""


@dataclass(frozen=True)
class Kernels:
    """What a sweep is to time, where their artefacts are kept, and what is known to fail."""

    wanted: Sequence[Kernel]
    folder: KernelFolder
    refusals: Refusals


@dataclass(frozen=True)
class Swept:
    """What became of a sweep."""

    timed: int
    known: int
    """That the store had before"""
    impossible: int
    """That could not be made, or did not run"""
    left: int
    """For which the time did not suffice"""


def sweep(session: Session, kernels: Kernels, end: float, seconds: float = SECONDS) -> Swept:
    """Time kernels in their order, `seconds` each, until `time.monotonic` gives `end`, and store each batch as soon as
    it is done."""
    begun, had = monotonic(), session.measured()
    waiting = order(kernels.wanted, had, kernels.refusals.keys)
    total, timed, impossible = len(waiting), 0, 0

    def tell() -> None:
        done = total - len(waiting)
        left = time_left(begun, done, total, most=end - monotonic())
        session.progress(f"{session.runtime}: {done} of {total} kernels{left}", done / max(total, 1))

    tell()
    while waiting and monotonic() < end:
        batch, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
        ran, failed = _timed(session, kernels.folder, batch, seconds)
        tell()  # which raises an interrupt that a toolchain has caught and made a failure of
        for kernel, why in failed:
            kernels.refusals.add(kernel, why)
        timed, impossible = timed + ran, impossible + len(failed)
    known = sum(Subject.of_kernel(kernel) in had for kernel in kernels.wanted)
    return Swept(timed, known, impossible, len(waiting))


def order(wanted: Sequence[Kernel], had: Mapping[Subject, Measurement], refused: Collection[str]) -> list[Kernel]:
    """What is to be timed: what nobody has tried, then what was timed while the machine was busy, then what failed."""
    missing = [kernel for kernel in wanted if Subject.of_kernel(kernel) not in had]
    known = [kernel for kernel in wanted if Subject.of_kernel(kernel) in had]
    return [
        *(kernel for kernel in missing if kernel.key not in refused),
        *(kernel for kernel in known if had[Subject.of_kernel(kernel)].quality == "busy"),
        *(kernel for kernel in missing if kernel.key in refused),
    ]


def _timed(
    session: Session, folder: KernelFolder, batch: Sequence[Kernel], seconds: float
) -> tuple[int, list[tuple[Kernel, str]]]:
    """How many ran, and are stored; the others, with why they did not."""
    made, failed = list[tuple[Kernel, Timed]](), list[tuple[Kernel, str]]()
    for kernel in batch:
        try:
            made.append((kernel, folder.made(kernel, session.runtime)))
        except NotMade as refusal:
            failed.append((kernel, str(refusal)))
    artifacts = [artifact for _, artifact in made]
    times = time_artifacts(session.runtime, artifacts, seconds, session.threads, KERNEL_PATIENCE)
    failed += [(kernel, one.error) for (kernel, _), one in zip(made, times, strict=True) if one.samples is None]
    return session.add((Subject.of_kernel(kernel), one) for (kernel, _), one in zip(made, times, strict=True)), failed
