"""LiteRT's GPU delegate as a host: TFLite files on whatever Vulkan driver there is, against PyTorch."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from exporter.atomic.staging import staging
from exporter.backends.runner import InputProgress, Progress
from exporter.bundle import Bundle
from exporter.verify.case import Case, cases_of
from exporter.verify.hosts.results import OnHost, Processor, Words
from exporter.verify.hosts.run import Host, Log, Run, verify_on
from exporter.verify.litert_gpu import driver
from exporter.worker.process import PACKAGES, Guest, Job, Outcome, run_jobs

SECONDS = 60.0
"""Time box of an artefact: in software a tracker's graph takes many seconds, and further inputs use the same code."""


def verify_bundle_on_gpu(bundle: Bundle, progress: Progress | None = None, seconds: float = SECONDS) -> OnHost:
    """Run a bundle's TFLite artefacts with LiteRT's GPU delegate, on its conformance vectors.

    Each has `seconds` for as many inputs as fit. Raises `BundleError` if a file is missing or altered, and
    `DriverError` if there is no Vulkan driver that the delegate takes.
    """
    return verify_on_gpu(cases_of(bundle), progress, seconds)


def verify_on_gpu(cases: Sequence[Case], progress: Progress | None = None, seconds: float = SECONDS) -> OnHost:
    """The same for artefacts of any origin; raises `DriverError`."""
    return verify_on(HOST, cases, progress, seconds)


def _start(progress: Progress) -> list[tuple[Processor, Run]]:
    """The delegate on a Vulkan driver; raises `DriverError` where there is none."""
    environment = driver.environment()
    path = (*(str(folder.parent) for folder in PACKAGES.values()), environment.get("PYTHONPATH"))
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    return [(Processor(name="GPU"), partial(_run, Guest([sys.executable], environment)))]


def _run(guest: Guest, jobs: Sequence[Job], seconds: float, progress: InputProgress) -> Iterator[Outcome]:
    """In a process of its own, because a driver may crash."""
    with staging(Path(tempfile.gettempdir())) as folder:
        yield from run_jobs(guest, folder, jobs, seconds, progress)


def _read(log: str) -> Log:
    driver.refuse_no_adapter(log)
    return Log(driver.adapter(log), driver.rejected(log), driver.complaint(log))


HOST = Host(
    words=Words(place="LiteRT's GPU delegate", idle="Nothing was run by LiteRT's GPU delegate", processor=None),
    loaders={"tflite": "exporter.verify.litert_gpu.runner"},
    not_covered=lambda format: "LiteRT runs TFLite files.",
    start=_start,
    read=_read,
)
