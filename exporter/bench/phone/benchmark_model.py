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

from exporter.errors import VitexportError

_NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_LINE = re.compile(r"\bcount=(?P<count>\d+) (?P<rest>(?:\w+=\S+ ?)+)")
_FIELD = re.compile(rf"(\w+)=({_NUMBER})(?=\s|$)")
_SUMMARY = re.compile(rf"Inference timings in us:.*Inference \(avg\): (?P<mean>{_NUMBER})")
_ON_CPU = re.compile(
    r"partially executed by the delegate|will not be executed by the delegate|Failed to apply|Could not create"
)
"""What it says where the GPU does not do all of it"""

DELEGATES = {"cpu": "", "gpu": "gpu, fp16 allowed"}
"""Unit -> what the runtime hands a kernel to, in a measurement's words. The GPU delegate computes a model of single
precision in half unless it is told otherwise (`gpu_precision_loss_allowed`, true by default, in
tensorflow/lite/tools/delegates/README.md), in apps too: a row's precision is the model's, as in the shipped tables."""


class NoTimings(VitexportError):
    """An output that has no times, or not those that were asked for."""


@dataclass(frozen=True)
class Settings:
    """How kernels are timed on a phone."""

    threads: int = 1
    """On its CPU"""
    warmup: int = 5
    runs: int = 50
    least_seconds: float = 0.2
    """Short kernels run more often than `runs`, for this long."""
    patience: float = 110.0
    """Seconds after which a kernel is ended; benchmark_model itself stops after 20 s of each kind of runs."""

    def arguments(self, graph: str, unit: str) -> list[str]:
        """Everything that decides a time is said, whatever a build's defaults are."""
        on_gpu = ["--use_gpu=true", "--gpu_precision_loss_allowed=true"]
        return [
            f"--graph={graph}",
            f"--num_threads={self.threads}",
            f"--warmup_runs={self.warmup}",
            "--warmup_min_secs=0.05",
            f"--num_runs={self.runs}",
            f"--min_secs={self.least_seconds}",
            "--max_secs=20",
            *(on_gpu if unit == "gpu" else ["--use_gpu=false"]),
        ]


@dataclass(frozen=True)
class Timings:
    """Of the runs that count, ms."""

    n: int
    warmup: int
    """Runs before them"""
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
    counts = [int(line["count"]) for line in lines]
    return Timings(n=counts[-1], warmup=counts[0], mean=mean, std=found.get("std"), p50=found.get("median"))
