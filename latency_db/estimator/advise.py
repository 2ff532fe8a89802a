"""Which devices, formats, compute units, precisions and sizes of a model keep up with so many frames a second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import cast

from device_profiles.vocabulary import Runtime
from latency_db.estimator.estimate import Estimate, NoEstimate
from latency_db.estimator.estimator import estimate
from latency_db.estimator.workload import Workload
from latency_db.measurement import Conditions, Measurement, NumberFormat, Unit
from latency_db.operators.fit_file import Fit

VAGUE = 20.0
"""Times its low from which the high of an interval says next to nothing: not even the order of magnitude is known.
Chosen after seeing answers: what stands in for GPUs on which nothing was timed has intervals of 50 times and more."""

UNITS: dict[str, tuple[Unit, ...]] = {"coreml": ("all",), "coreai": ("all",), "tflite": ("cpu", "gpu")}
"""Format -> where it may run; Apple's choose by themselves, all others run on the CPU."""

BY_VENDORS: dict[str, Unit] = {"tflite": "npu", "onnx": "npu"}
"""Format -> where Android runs it only with a delegate of the chip's vendor, such as Qualcomm's, which no bundle has"""


@dataclass(frozen=True)
class Variant:
    """One way to export a model, and what it then is to run."""

    format: str
    """Which is the name of the runtime, too"""
    precision: NumberFormat
    size: int
    """Side of the image in pixels"""
    unit: Unit
    workload: Workload
    """As the format's runtime cuts it for the unit"""


@dataclass(frozen=True)
class Advice:
    """What one variant takes on one device."""

    device: str
    variant: Variant
    estimate: Estimate
    budget_ms: float

    @property
    def fps(self) -> float:
        return 1000 / self.estimate.ms

    @property
    def vague(self) -> bool:
        """Whether so little is known that neither yes nor no would be honest."""
        return self.estimate.high > VAGUE * self.estimate.low

    @property
    def reaches(self) -> bool:
        """Whether the estimate is within the budget; not where it is vague."""
        return self.estimate.ms <= self.budget_ms and not self.vague

    @property
    def surely(self) -> bool:
        """Whether the whole interval is."""
        return self.estimate.high <= self.budget_ms and not self.vague


@dataclass(frozen=True)
class Advised:
    """Every combination of which anything is known."""

    rows: tuple[Advice, ...]
    """Those that surely reach first, then those that reach, then those that do not, last the vague; of those that reach
    the largest image first, as whoever has time to spare wants to see more, then the fastest"""
    unknown: tuple[str, ...]
    """Combinations of which nothing is known, each with the reason, once"""

    @property
    def reaching(self) -> tuple[Advice, ...]:
        return tuple(row for row in self.rows if row.reaches)

    @property
    def doubtful(self) -> tuple[Advice, ...]:
        """Of each device, format and unit the fastest that is within the budget and vague, the fastest first."""
        within = (row for row in self.rows if row.vague and row.estimate.ms <= row.budget_ms)
        fastest: dict[tuple[str, str, str], Advice] = {}
        for row in sorted(within, key=lambda row: row.estimate.ms):
            fastest.setdefault((row.device, row.variant.format, row.variant.unit), row)
        return tuple(fastest.values())

    @property
    def nearest(self) -> Advice | None:
        """The fastest, which is what to say where none reaches the budget; a vague one only where all are."""
        return min(self.rows, key=lambda row: (row.vague, row.estimate.ms), default=None)


def advise(
    variants: Sequence[Variant],
    devices: Sequence[str],
    fps: float,
    measured: Sequence[Measurement] = (),
    fits: Sequence[Fit] = (),
) -> Advised:
    """Estimates every variant on every device. Raises `ValueError` for frames a second that leave no finite budget."""
    if not fps > 0 or not isfinite(fps) or not isfinite(1000 / fps):
        raise ValueError(f"{fps:g} frames a second leave no budget: ask for a number above 0.")
    rows, unknown = [], dict[str, None]()
    for device in devices:
        for variant in variants:
            conditions = Conditions(cast(Runtime, variant.format), variant.unit, variant.precision)
            try:
                found = estimate(variant.workload, device, conditions, measured, fits)
            except NoEstimate as nothing:
                unknown[str(nothing)] = None
                continue
            rows.append(Advice(device, variant, found, 1000 / fps))
    return Advised(tuple(sorted(rows, key=_order)), tuple(unknown))


def together(parts: Iterable[Advised]) -> Advised:
    """Advice about devices that are not all asked about the same variants, as one."""
    found = list(parts)
    rows = sorted((row for part in found for row in part.rows), key=_order)
    return Advised(tuple(rows), tuple(dict.fromkeys(reason for part in found for reason in part.unknown)))


def _order(row: Advice) -> tuple[bool, bool, bool, int, float]:
    first = -row.variant.size if row.reaches else 0
    return not row.surely, not row.reaches, row.vague, first, row.estimate.ms
