"""What the latency database must reach, and what it does: `python benchmarks/latency_accuracy.py [PART ...]`.

A part is operators, transfer, models, phones, published or lookups; all but the host's, which needs a table of this
machine (`latency_host.py`). Prints a row for each target: asked, measured, and whether it is met. Reads the shipped
tables only; operators and transfer are fitted anew, which takes minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from latency_lookups import LOOK_UPS, rate
from latency_models import ANCHORS, error, held_out_rows, intervals, new_phone_residuals
from latency_operators import DRAWS, Outcome, joined, new_configurations, new_device
from latency_published import ASKED
from numpy.typing import NDArray

from latency_db.coverage import quantile
from latency_db.end_to_end.cells import shipped
from latency_db.fitting.coreml_residuals import left_out
from latency_db.fitting.end_to_end import folds
from latency_db.fitting.transfer_ratios import GALAXIES, jobs, pairs
from latency_db.fitting.transfer_ratios import left_out as ratios_left_out
from latency_db.operators.estimates import KernelEstimator
from latency_db.operators.table import read_table, tabled_devices
from latency_db.published.coreml_intervals import calibrates
from latency_db.published.coreml_regression import training_rows
from latency_db.published.rows import published_rows

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Target:
    """A figure beside what was asked of it."""

    what: str
    value: float
    most: float = np.inf
    least: float = -np.inf
    text: str = "{:.1%}"

    @property
    def line(self) -> str:
        ends = [f"{sign} {self.text.format(end)}" for sign, end in (("≥", self.least), ("≤", self.most))
                if np.isfinite(end)]  # fmt: skip
        met = "met" if self.least <= self.value <= self.most else "MISSED"
        return f"{self.what:62s} {' '.join(ends):18s} {self.text.format(self.value):>9s}  {met}"


def operators() -> Iterator[Target]:
    by_phone = {device: new_configurations(read_table("tflite", device)) for device in tabled_devices("tflite")}
    whole = joined(list(by_phone.values()))
    yield Target("TFLite GPU operators, new shapes: median error", _median(whole), 0.05)
    yield Target("  worst phone", max(map(_median, by_phone.values())), 0.08)
    yield Target("  p90", float(np.percentile(whole.errors, 90)) / 100, 0.2)
    found = whole.estimates
    yield Target("  90 % intervals: coverage", float(np.mean((found.low <= whole.us) & (whole.us <= found.high))),
                 0.93, 0.87)  # fmt: skip
    yield Target("  high/low", float(np.median(found.high / found.low)), 1.5, text="{:.2f}")
    vulkan = [new_configurations(read_table("pytorch", device)) for device in tabled_devices("pytorch")
              if "iphone" not in device]  # fmt: skip
    yield Target("Vulkan operators: median error", _median(joined(vulkan)), 0.055)


def transfer() -> Iterator[Target]:
    every = [KernelEstimator.shipped("tflite", device) for device in tabled_devices("tflite")]
    for anchors, most in ((30, 0.16), (100, 0.13)):
        outcomes = [
            new_device(own.table, [other for other in every if other is not own], anchors, draw)
            for own in every
            for draw in range(DRAWS)
        ]
        yield Target(f"operators on a new device, {anchors} anchors: median error", _median(joined(outcomes)), most)


def models() -> Iterator[Target]:
    table = shipped()
    rows = held_out_rows(table, folds(table.models), attrgetter("model_residuals"))
    errors, phones = error(np.concatenate(rows.residuals)), np.array(rows.phones)
    yield Target("whole model, new: median error", float(np.median(errors)), 0.045)
    worst = max(float(np.median(errors[phones == phone])) for phone in set(rows.phones))
    yield Target("  worst phone", worst, 0.06)
    yield Target("  p90", float(np.quantile(errors, 0.9)), 0.16)
    coverage, width = intervals(rows)
    yield Target("  90 % intervals: coverage", coverage, 0.93, 0.87)
    yield Target("  high/low", width, 1.4, text="{:.2f}")
    family = {name: model.family for name, model in table.models.items()}
    rows = held_out_rows(table, family, attrgetter("family_residuals"))
    errors = error(np.concatenate(rows.residuals))
    coverage, width = intervals(rows)
    yield Target("whole model, new family: median error", float(np.median(errors)), 0.07)
    yield Target("  p90", float(np.quantile(errors, 0.9)), 0.25)
    yield Target("  90 % intervals: coverage", coverage, least=0.85)
    yield Target("  high/low", width, 1.7, text="{:.2f}")


def phones() -> Iterator[Target]:
    residuals, _ = new_phone_residuals(shipped())
    yield Target(f"whole model, new phone, {ANCHORS} anchor models: median error", float(np.median(error(residuals))),
                 0.09)  # fmt: skip


def published() -> Iterator[Target]:
    rows = [one for one in left_out("model", training_rows(published_rows())) if calibrates(one)]
    scales = np.array([quantile([other.scaled for other in rows if other.model != one.model]) for one in rows])
    errors = np.abs(np.expm1([one.residual for one in rows]))
    scaled, deviations = np.array([(one.scaled, one.deviation) for one in rows]).T
    yield Target("iPhone 12–14, Core ML, a model left out: median error", float(np.median(errors)), 0.1)
    yield Target("  90 % intervals: coverage", float(np.mean(scaled <= scales)), 0.95, 0.85)
    yield Target("  high/low", float(np.median(np.exp(2 * scales * deviations))), 2.2, text="{:.2f}")
    by_phone = {phone: jobs(row for row in published_rows() if row.device == phone) for phone in GALAXIES}
    for source, target, asked in ASKED:
        left = [residual for _, residual, _ in ratios_left_out(pairs(by_phone[source], by_phone[target]))]
        yield Target(f"{source} to {target}: median error", float(np.median(np.abs(np.expm1(left)))), asked / 100)


def lookups() -> Iterator[Target]:
    estimator = KernelEstimator.shipped("tflite", "pixel4")
    found = estimator.estimate(estimator.table.kernels)
    rows = np.random.default_rng(0).integers(len(found.us), size=LOOK_UPS)
    yield Target("kernel look-ups, million a second", rate(lambda: found[rows], LOOK_UPS) / 1e6, least=1, text="{:.1f}")


def _median(outcome: Outcome) -> float:
    return float(np.median(outcome.errors)) / 100


PARTS = {part.__name__: part for part in (operators, transfer, models, phones, published, lookups)}


def main(names: Sequence[str]) -> None:
    for name in names or PARTS:
        for target in PARTS[name]():
            print(target.line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
