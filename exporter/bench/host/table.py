"""Tables of this machine's kernels, one for each runtime: swept, calibrated on whole models, and fitted."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from device_profiles.vocabulary import Runtime
from exporter.atomic.staging import staging
from exporter.backends.runner import Progress
from exporter.bench.host.calibration import Sized, calibrate, sized
from exporter.bench.host.fit import FEWEST_KERNELS, fitted
from exporter.bench.host.plan import classifiers, planned
from exporter.bench.host.session import Session
from exporter.bench.host.sweep import Kernels, Swept, sweep
from exporter.bench.kernels.artifacts import KernelFolder, build_of
from exporter.bench.kernels.refusals import Refusals
from latency_db.kernel import Kernel
from latency_db.operators.calibration import FEWEST_MODELS
from latency_db.operators.fit_file import write_fit
from latency_db.store.location import beside
from latency_db.store.store import Store

SHARE_OF_FIRST_MODELS = 0.5
"""Of the time, that lowering and timing the fewest models may take that calibrate anything: they go first"""
SHARE_OF_MODELS = 0.15
"""Of what is left then, that is kept for further models"""


@dataclass(frozen=True)
class Plan:
    """What is timed under one runtime, and by when."""

    kernels: Sequence[Kernel]
    models: Sequence[Sized]
    end: float
    """As `time.monotonic` gives it"""
    fewest_kernels: int = FEWEST_KERNELS
    """That a fit is made to"""


@dataclass(frozen=True)
class HostTable:
    """What there is of one runtime now."""

    runtime: Runtime
    swept: Swept
    models: int
    """That were timed whole, just now"""
    failed: dict[str, str]
    """Model and size -> why it was not lowered, or did not run"""
    fit: str | None
    """Path of the fit; None where too little was measured"""


def measure_tables(
    store: Store, runtimes: Sequence[Runtime], threads: int, minutes: float, cache: Path | None, db: str | None,
    progress: Progress,
) -> list[HostTable]:  # fmt: skip
    """Measure runtimes that are installed, for so many minutes in all: what one does not need, the others have.

    `cache` keeps artefacts, `db` is the URL that the store was opened with: the fits lie beside it.
    """
    end, tables = monotonic() + 60 * minutes, list[HostTable]()
    with ExitStack() as ends:
        folder = cache or ends.enter_context(staging(Path(tempfile.gettempdir())))
        for done, runtime in enumerate(runtimes):
            share = (end - monotonic()) / (len(runtimes) - done)
            plan = Plan(planned(runtime), sized(classifiers()), monotonic() + share)
            tables.append(measure_table(Session(store, runtime, threads, progress), plan, folder, beside(db)))
    return tables


def measure_table(session: Session, plan: Plan, artifacts: Path, fits: Path) -> HostTable:
    """Measure one runtime; `artifacts` and `fits` are the folders where these are kept."""
    models, runtime = plan.models, session.runtime
    begun = monotonic()
    first_end = begun + SHARE_OF_FIRST_MODELS * (plan.end - begun)
    first = calibrate(session, models, artifacts, first_end, enough=FEWEST_MODELS)
    refusals = Refusals(fits / f"refused-{build_of(runtime)}.jsonl")
    kernels = Kernels(plan.kernels, KernelFolder(artifacts / "kernels"), refusals)
    swept = sweep(session, kernels, plan.end - SHARE_OF_MODELS * max(plan.end - monotonic(), 0))
    others = [one for one in models if str(one) not in first.failed]
    further = calibrate(session, others, artifacts, plan.end, enough=len(others))
    session.progress(f"{runtime}: fit", 0.99)
    found = fitted(session, plan.fewest_kernels)
    path = write_fit(fits, found) if found is not None else None
    failed = first.failed | further.failed
    return HostTable(runtime, swept, first.timed + further.timed, failed, str(path) if path else None)
