"""MLPerf Mobile's `mlperf_log_summary.txt`, as github.com/mlcommons/mobile_results_* holds it.

The text says how long, the folders say of what: `results/SYSTEM/[DATE/]TASK/.../mlperf_log_summary.txt`, in which a
task may end in `-performance`. Nanoseconds there, milliseconds here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from device_profiles.vocabulary import Runtime
from latency_db.importers.devices import device
from latency_db.importers.refusal import ImportRefused, refused
from latency_db.measurement import Conditions, Latency, Measurement, Source, Subject

NAME = "mlperf_log_summary.txt"
LICENCE = "Apache-2.0"
RUNTIMES: dict[str, Runtime] = {"tflite": "tflite", "coreml": "coreml", "core ml": "coreml", "qnn": "qnn"}
"""Name of the system under test in small letters -> runtime; of others, such as SNPE, we have no word"""

_TIMES = {
    "p50": "50.00 percentile latency (ns)",
    "p90": "90.00 percentile latency (ns)",
    "p99": "99.00 percentile latency (ns)",
    "mean": "Mean latency (ns)",
}
_WHOLE = "[0-9]{1,18}"
"""Digits of a number that is one anywhere"""
_PROCESSED = re.compile(rf"Processed at least {_WHOLE} queries \(({_WHOLE})\)")


def read(path: Path) -> Iterator[Measurement]:
    """The measurement of a summary, or of every single-stream performance run in a folder. Raises `ImportRefused`."""
    if not path.is_dir():
        yield _measurement(path, _stated(path))
        return
    for summary in sorted(path.rglob(NAME)):
        stated = _stated(summary)
        if _value(stated, "Scenario") == "SingleStream" and _value(stated, "Mode") == "PerformanceOnly":
            yield _measurement(summary, stated)


def _stated(path: Path) -> dict[str, tuple[int, str]]:
    """What a summary states -> the line it stands on, and its value."""
    text = path.read_text(encoding="utf-8")
    if "MLPerf Results Summary" not in text:
        raise ImportRefused(path, 1, f"it is no {NAME}: the title 'MLPerf Results Summary' is missing")
    pairs = ((number, line.partition(":")) for number, line in enumerate(text.splitlines(), 1) if ":" in line)
    stated = {name.strip(): (number, value.strip()) for number, (name, _, value) in pairs}
    processed = _PROCESSED.search(text)
    return stated | ({"n": (0, processed[1])} if processed else {})


def _value(stated: dict[str, tuple[int, str]], name: str) -> str:
    return stated.get(name, (0, ""))[1]


def _measurement(path: Path, stated: dict[str, tuple[int, str]]) -> Measurement:
    for name, needed in (("Scenario", "SingleStream"), ("Mode", "PerformanceOnly")):
        line, value = stated.get(name, (None, "not stated"))
        if value != needed:
            raise ImportRefused(path, line, f"its {name.lower()} is {value}, and a latency comes from {needed} alone")
    system, task, date = _place(path)
    times = {field: _milliseconds(path, *stated[name]) for field, name in _TIMES.items() if name in stated}
    if not times:
        raise ImportRefused(path, None, "it states no latency")
    sut, verdict = _value(stated, "SUT name"), _value(stated, "Result is")
    runtime = RUNTIMES.get(sut.lower())
    notes = (
        f"run by {sut}" if sut and runtime is None else "",
        f"the folder is dated {date}" if date else "",  # in no stated time zone
        "" if verdict == "VALID" else f"MLPerf calls it {verdict or 'nothing'}",
    )
    with refused(path, None):
        return Measurement(
            device=device(system),
            subject=Subject.of_model("_".join(task.split())),
            conditions=Conditions(runtime, unit=None, precision=None, method="MLPerf single stream"),
            latency=Latency(
                p50=times.get("p50"),
                p90=times.get("p90"),
                p99=times.get("p99"),
                mean=times.get("mean"),
                n=int(_value(stated, "n")) if "n" in stated else None,
            ),
            source=Source("published", f"MLPerf Mobile, {system}/{task}/{NAME}", LICENCE),
            quality=None if verdict == "VALID" else "suspect",
            note="; ".join(filter(None, notes)),
        )


def _place(path: Path) -> tuple[str, str, str]:
    """System, task and date by the folders that a summary stands in."""
    parts = path.resolve().parts[:-1]
    if "results" not in parts or len(below := parts[len(parts) - parts[::-1].index("results") :]) < 2:
        raise ImportRefused(path, None, "it does not stand in results/SYSTEM/TASK, which say what ran where")
    dated = re.match(r"(\d{4}-\d\d-\d\d)T", below[1]) if len(below) > 2 else None
    task = below[2] if dated else below[1]
    return below[0], task.removesuffix("-performance"), dated[1] if dated else ""


def _milliseconds(path: Path, line: int, nanoseconds: str) -> float:
    if not re.fullmatch(_WHOLE, nanoseconds) or int(nanoseconds) == 0:
        raise ImportRefused(path, line, f"{nanoseconds!r} is no number of nanoseconds")
    return int(nanoseconds) / 1e6
