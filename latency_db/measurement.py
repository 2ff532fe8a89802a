"""One latency that somebody measured, in the words that everything about latencies here uses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

SubjectKind = Literal["kernel", "graph", "model"]
SourceKind = Literal["measured here", "reported by an app", "published"]


@dataclass(frozen=True)
class Measurement:
    """How long one subject took on one device, under everything that is known to change it.

    Text that nobody stated is "", a number that nobody stated is None. Times are milliseconds. Raises `ValueError`
    where no time stands or one is not positive.
    """

    subject_kind: SubjectKind
    subject: str
    """Key of a kernel, hash of a graph, name of a model"""
    device: str
    """Id of a device profile where there is one, else the source's word"""
    os: str
    runtime: str
    runtime_version: str
    unit: str
    precision: str
    threads: int | None
    cores: str
    """Which cores of the processor, such as "1large" or "4small" """
    method: str
    """What ran it and how, such as "benchmark_model" """
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    mean_ms: float | None
    std_ms: float | None
    n: int | None
    """Number of timed runs"""
    warmup: int | None
    thermal: str
    quality: str
    """What is doubtful about it; "" where nothing is known to be"""
    measured_at: str
    """ISO 8601, as far as stated"""
    source_kind: SourceKind
    reference: str
    licence: str

    def __post_init__(self) -> None:
        if self.subject_kind not in get_args(SubjectKind):
            raise ValueError(f"a measurement is of a kernel, a graph or a model, not of a {self.subject_kind!r}")
        if self.source_kind not in get_args(SourceKind):
            raise ValueError(
                f"{self.source_kind!r} is no kind of source: name one of {', '.join(get_args(SourceKind))}"
            )
        if not self.subject or not self.device:
            raise ValueError("a measurement names what was measured, and the device")
        times = [t for t in (self.p50_ms, self.p90_ms, self.p99_ms, self.mean_ms) if t is not None]
        if not times:
            raise ValueError("a measurement has at least one of p50, p90, p99 and mean")
        if not all(math.isfinite(t) and t > 0 for t in times):
            raise ValueError("a latency is a positive number of milliseconds")
        if self.std_ms is not None and not (math.isfinite(self.std_ms) and self.std_ms >= 0):
            raise ValueError("a standard deviation is a number of milliseconds from 0 up")
        if any(count is not None and count < lowest for count, lowest in
               ((self.threads, 1), (self.n, 1), (self.warmup, 0))):  # fmt: skip
            raise ValueError("threads and runs are counted from 1, warm-up runs from 0")

    @property
    def typical_ms(self) -> float:
        """The median where it is known, else the mean, else the lowest percentile that is."""
        return next(t for t in (self.p50_ms, self.mean_ms, self.p90_ms, self.p99_ms) if t is not None)
