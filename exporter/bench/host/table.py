"""A table of this machine's kernels under one runtime: swept, calibrated on whole models, and fitted."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from device_profiles.vocabulary import Runtime
from exporter.atomic.staging import staging
from exporter.backends import backend, toolchain_versions
from exporter.backends.runner import Progress
from exporter.bench.host.calibration import calibrate, fitted
from exporter.bench.host.plan import planned
from exporter.bench.host.sweep import Swept, sweep
from exporter.bench.kernels.artifacts import KernelFolder
from latency_db.operators.measured_table import write_fit
from latency_db.store.location import beside
from latency_db.store.store import Store

SHARE_OF_MODELS = 0.1
"""Of the time, that is kept for whole models"""


@dataclass(frozen=True)
class HostTable:
    """What there is of one runtime now."""

    runtime: Runtime
    swept: Swept
    models: int
    """That were timed whole, just now"""
    fit: str | None
    """Path of the fit; None where too little was measured"""


def measure_table(
    store: Store, runtime: Runtime, threads: int, minutes: float, cache: Path | None, db: str | None, progress: Progress
) -> HostTable:
    """Measure for so many minutes. Raises `BackendError` where the runtime is missing.

    `cache` keeps artefacts, `db` is the URL that the store was opened with: the fit lies beside it.
    """
    toolchain_versions(backend(runtime))
    with ExitStack() as ends:
        folder = cache or ends.enter_context(staging(Path(tempfile.gettempdir())))
        folder.mkdir(parents=True, exist_ok=True)
        kernels = KernelFolder(folder / "kernels")
        swept = sweep(store, runtime, threads, planned(runtime), kernels, minutes * (1 - SHARE_OF_MODELS), progress)
        models = calibrate(store, runtime, threads, folder, minutes * SHARE_OF_MODELS, progress)
    progress(f"{runtime}: fit", 0.99)
    found = fitted(store, runtime, threads)
    path = write_fit(beside(db), found) if found is not None else None
    return HostTable(runtime, swept, models, str(path) if path else None)
