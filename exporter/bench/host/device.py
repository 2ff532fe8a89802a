"""This machine in the words of the latency database, and how a time that was taken here becomes a row of it."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib import metadata

from device_profiles import load
from device_profiles.vocabulary import Precision, Runtime
from exporter.bench.provenance import provenance
from exporter.bench.timing.timekeeper import Times
from latency_db.measurement import Conditions, Device, Measurement, Source, Subject

METHOD = "vitexport bench"

_DISTRIBUTIONS: dict[str, str] = {"onnx": "onnxruntime", "executorch": "executorch", "tflite": "ai-edge-litert"}
"""Runtime -> the distribution whose version is its own"""
_DELEGATES: dict[str, str] = {"executorch": "xnnpack", "tflite": "xnnpack"}


def device() -> Device:
    """The processor's name and the number of its cores."""
    chip = load("host").soc or platform.machine()
    return Device("host", f"{' '.join(chip.split())}, {os.cpu_count()} cores")


def conditions(runtime: Runtime, threads: int, precision: Precision = "fp32") -> Conditions:
    return Conditions(
        runtime,
        "cpu",
        precision,
        runtime_version=metadata.version(_DISTRIBUTIONS[runtime]),
        delegate=_DELEGATES.get(runtime, ""),
        os=f"{platform.system()} {platform.release()}",
        threads=threads,
        method=METHOD,
    )


def measurement(subject: Subject, conditions: Conditions, times: Times, note: str = "") -> Measurement:
    """A row; `times` are those of something that ran."""
    assert times.samples is not None, times.error
    assert times.quietness is not None
    known = provenance()
    return Measurement(
        device(),
        subject,
        conditions,
        times.samples.latency,
        Source("measured", f"vitexport {known['vitexport']}, commit {known['commit']}"),
        quality=times.quietness.quality,
        measured_at=datetime.now(UTC),
        note=note,
    )
