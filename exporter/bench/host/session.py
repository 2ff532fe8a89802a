"""One runtime that is measured on this machine: what is known of it already, and where its times go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from device_profiles.vocabulary import Runtime
from exporter.backends.runner import Progress
from exporter.bench.host.device import conditions, device, measurement
from exporter.bench.timing.timekeeper import Times
from latency_db.measurement import Measurement, Subject
from latency_db.ranking import believed
from latency_db.store.store import Store


@dataclass(frozen=True)
class Session:
    """With so many threads, in the version that is installed."""

    store: Store
    runtime: Runtime
    threads: int
    progress: Progress = lambda what, share: None

    def measured(self) -> dict[Subject, Measurement]:
        """Kernels and graphs that were timed on this machine under the same conditions, each with its best row."""
        here, ran = device(), conditions(self.runtime, self.threads)
        rows = self.store.measurements(
            device=here.id,
            soc=here.soc,
            runtime=self.runtime,
            runtime_version=ran.runtime_version,
            threads=self.threads,
            method=ran.method,
            precision="fp32",
        )
        return believed(record.measurement for record in rows)

    def add(self, times: Iterable[tuple[Subject, Times]], note: str = "") -> int:
        """Store the times of what ran; returns how many did."""
        ran = conditions(self.runtime, self.threads)
        rows = [measurement(subject, ran, one, note) for subject, one in times if one.samples is not None]
        self.store.add(rows)
        return len(rows)
