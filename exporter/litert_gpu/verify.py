"""Does a TFLite artefact say on LiteRT's GPU delegate what PyTorch says?"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import exporter
from exporter.backends import backend, installed
from exporter.bundle import Bundle
from exporter.child.case import Case, cases_of
from exporter.child.process import Guest, Job, Outcome, run_jobs
from exporter.litert_gpu import driver
from exporter.litert_gpu.results import OnDelegate, OnGpu
from exporter.verify import TOLERANCES, judge

SECONDS = 60.0
"""Time box of an artefact: in software a tracker's graph takes many seconds, and further inputs use the same code."""


def verify_bundle_on_gpu(
    bundle: Bundle, progress: Callable[[str, float], None] | None = None, seconds: float = SECONDS
) -> OnGpu:
    """Run a bundle's TFLite artefacts with LiteRT's GPU delegate, on its conformance vectors.

    Each has `seconds` for as many inputs as fit. Raises `BundleError` if a file is missing or altered, and
    `DriverError` if there is no Vulkan driver that the delegate takes.
    """
    return verify_on_gpu(cases_of(bundle), progress, seconds)


def verify_on_gpu(
    cases: Sequence[Case], progress: Callable[[str, float], None] | None = None, seconds: float = SECONDS
) -> OnGpu:
    """The same for artefacts of any origin; raises `DriverError`."""
    step = progress or (lambda what, share: None)
    reasons = [_not_covered(case.format) for case in cases]
    covered = [case for case, reason in zip(cases, reasons, strict=True) if reason is None]
    idle = tuple(
        OnDelegate(format=case.format, graph=case.graph, status="not covered", detail=reason)
        for case, reason in zip(cases, reasons, strict=True)
        if reason is not None
    )
    if not covered:
        return OnGpu(adapter=None, results=idle)
    ran: list[OnDelegate] = []

    def running(done: int, count: int) -> None:
        what = f"GPU: {covered[len(ran)].graph}, {done + 1} of {count}"
        step(what, (len(ran) + done / count) / len(covered))

    environment = driver.environment()
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, (str(Path(exporter.__file__).parents[1]), environment.get("PYTHONPATH")))
    )
    guest, adapter = Guest([sys.executable], environment), None
    jobs = [Job("exporter.litert_gpu.runner", case.path, case.given) for case in covered]
    with tempfile.TemporaryDirectory(prefix="vitexport-gpu-") as folder:
        for case, outcome in zip(covered, run_jobs(guest, Path(folder), jobs, seconds, running), strict=True):
            driver.refuse_no_adapter(outcome.said)
            adapter = adapter or driver.adapter(outcome.said)
            ran.append(_judged(case, outcome, seconds))
    return OnGpu(adapter=adapter, results=(*ran, *idle))


def _not_covered(format: str) -> str | None:
    """Why the delegate does not run artefacts of a format; None if it does."""
    if format != "tflite":
        return "LiteRT runs TFLite files."
    module = backend(format)
    return None if installed(module) else f"Its runtime is not installed: pip install 'vitexport[{module.EXTRA}]'."


def _judged(case: Case, outcome: Outcome, seconds: float) -> OnDelegate:
    """Compare what came out with PyTorch, or say why nothing did."""
    result = OnDelegate(format=case.format, graph=case.graph, status="failed")
    if outcome.runtime is None:
        if reason := driver.rejected(outcome.said):
            return result.model_copy(update={"status": "not taken", "detail": f"{reason}."})
        why = "; ".join(filter(None, (outcome.error, driver.complaint(outcome.said))))
        return result.model_copy(update={"detail": f"{case.path.name} does not run ({why})"})
    verdict = judge(case.expected, outcome.actual, case.outputs, TOLERANCES[case.precision], outcome.runtime, seconds)
    wrong = verdict.detail if verdict.status == "failed" else ""
    return OnDelegate(
        format=case.format,
        graph=case.graph,
        status="failed" if wrong else "passed",
        verification=verdict,
        detail=wrong,
    )
