"""LiteRT's `benchmark_model`: how it is called, and what it prints.

Its output, for instance (tensorflow/lite/tools/benchmark, the lines of newer builds end in percentiles):

    count=4 first=130565 curr=120829 min=117370 max=130565 avg=122373 std=4930
    count=50 first=119212 curr=118055 min=113737 max=124776 avg=119375 std=1948 p5=114000 median=119300 p95=123000
    Inference timings in us: Init: 870557, First inference: 130565, Warmup (avg): 122373, Inference (avg): 119375

The first such line is of the runs before those that count. All are microseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from exporter.errors import VitexportError

_NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_LINE = re.compile(r"\bcount=(?P<count>\d+) (?P<rest>(?:\w+=\S+ ?)+)")
_FIELD = re.compile(rf"(\w+)=({_NUMBER})(?=\s|$)")
_SUMMARY = re.compile(rf"Inference timings in us:.*Inference \(avg\): (?P<mean>{_NUMBER})")
_ON_CPU = re.compile(
    r"partially executed by the delegate|will not be executed by the delegate|Failed to apply|Could not create"
)
"""What it says where the GPU does not do all of it"""


class NoTimings(VitexportError):
    """An output that has no times, or not those that were asked for."""


@dataclass(frozen=True)
class Settings:
    """How kernels are timed on a phone."""

    unit: Literal["cpu", "gpu"] = "cpu"
    threads: int = 1
    warmup: int = 5
    runs: int = 50
    least_seconds: float = 0.2
    """Short kernels run more often than `runs`, for this long."""

    def arguments(self, graph: str) -> list[str]:
        return [
            f"--graph={graph}",
            f"--num_threads={self.threads}",
            f"--warmup_runs={self.warmup}",
            "--warmup_min_secs=0.05",
            f"--num_runs={self.runs}",
            f"--min_secs={self.least_seconds}",
            "--max_secs=20",
            f"--use_gpu={'true' if self.unit == 'gpu' else 'false'}",
        ]


@dataclass(frozen=True)
class Timings:
    """Of the runs that count, ms."""

    n: int
    mean: float
    std: float | None
    """None of a single run"""
    p50: float | None
    """None where the build does not print it"""


def timings(output: str, unit: str) -> Timings:
    """Read them from all that it printed. Raises `NoTimings` where it has none, or not from this unit."""
    if unit == "gpu" and (reason := _ON_CPU.search(output)):
        raise NoTimings(f"the GPU does not run all of it: {reason[0]}")
    lines, summary = list(_LINE.finditer(output)), _SUMMARY.search(output)
    if len(lines) < 2 or summary is None:
        last = next((line for line in reversed(output.splitlines()) if line.strip()), "nothing")
        raise NoTimings(f"benchmark_model gave no times; the last that it printed is: {last.strip()[:200]}")
    found = {name: float(value) / 1e3 for name, value in _FIELD.findall(lines[-1]["rest"])}
    mean = float(summary["mean"]) / 1e3
    return Timings(n=int(lines[-1]["count"]), mean=mean, std=found.get("std"), p50=found.get("median"))
