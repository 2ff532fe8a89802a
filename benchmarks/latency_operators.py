"""How well operators on phones' GPUs are estimated from the shipped tables of kernels.

    python benchmarks/latency_operators.py [--runtime tflite] [--skip-transfer]

Prints three tables: new configurations (fivefold, a configuration with whatever is fused to it always on one side; all
that is fitted, fitted within the training part), kernels larger than all of the table, and devices without a table.
Errors are absolute and relative to what was measured; high/low is the median width of a 90 % interval.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latency_db.fitting.kernel_hyperparameters import fit_table
from latency_db.operators.estimates import KernelEstimates, KernelEstimator
from latency_db.operators.process import class_processes
from latency_db.operators.table import KernelTable, configuration, read_table, tabled_devices
from latency_db.operators.transfer import transfer

FOLDS = 5
ANCHORS = (10, 30, 100)
DRAWS = 3
"""Of anchors, for each device and number"""
LARGEST = 0.1
"""Share of a table, by time, that the rest is tried on"""

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Outcome:
    """Held-out kernels: what was measured, in µs, and what had been estimated."""

    us: NDArray[np.float64]
    estimates: KernelEstimates

    @property
    def errors(self) -> NDArray[np.float64]:
        """In percent"""
        return 100 * np.abs(self.estimates.us / self.us - 1)

    def line(self, name: str) -> str:
        within = (self.estimates.low <= self.us) & (self.us <= self.estimates.high)
        width = np.median(self.estimates.high / self.estimates.low)
        return (
            f"{name:34s}{len(self.us):7d}{np.median(self.errors):8.1f}{np.percentile(self.errors, 90):8.1f}"
            f"{100 * within.mean():10.1f}{width:10.2f}"
        )


HEADING = f"{'':34s}{'rows':>7s}{'median':>8s}{'p90':>8s}{'coverage':>10s}{'high/low':>10s}"


def joined(outcomes: list[Outcome]) -> Outcome:
    parts = [outcome.estimates for outcome in outcomes]
    fields = ("us", "low", "high", "methods")
    estimates = KernelEstimates(*(np.concatenate([getattr(part, field) for part in parts]) for field in fields))
    return Outcome(np.concatenate([outcome.us for outcome in outcomes]), estimates)


def trial(table: KernelTable, training: Rows, held_out: Rows) -> Outcome:
    """Everything is fitted to the training rows."""
    known = table.lines(training)
    estimator = KernelEstimator(known, class_processes(known, fit_table(known)))
    return Outcome(table.us[held_out], estimator.estimate(table.kernels_at(held_out)))


def folds(table: KernelTable) -> Iterator[tuple[Rows, Rows]]:
    """Training and held-out rows."""
    names = [configuration(kernel) for kernel in table.kernels]
    distinct = sorted(set(names))
    drawn = np.random.default_rng(0).permutation(len(distinct)) % FOLDS
    fold_of = dict(zip(distinct, drawn, strict=True))
    fold = np.array([fold_of[name] for name in names])
    for number in range(FOLDS):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)


def new_configurations(table: KernelTable) -> Outcome:
    return joined([trial(table, training, held_out) for training, held_out in folds(table)])


def largest_kernels(table: KernelTable) -> Outcome:
    order = np.argsort(table.us, kind="stable")
    cut = int(len(order) * (1 - LARGEST))
    return trial(table, order[:cut], order[cut:])


def new_device(table: KernelTable, sources: list[KernelEstimator], anchors: int, draw: int) -> Outcome:
    names = np.array([configuration(kernel) for kernel in table.kernels])
    chosen = np.random.default_rng(draw).choice(len(names), anchors, replace=False)
    held_out = np.flatnonzero(~np.isin(names, names[chosen]))
    estimator = transfer(table.kernels_at(chosen), table.us[chosen], sources)
    return Outcome(table.us[held_out], estimator.estimate(table.kernels_at(held_out)))


def on_known_devices(runtime: str) -> None:
    print(f"\n{runtime}: new configurations\n{HEADING}")
    tables = [read_table(runtime, device) for device in tabled_devices(runtime)]
    outcomes = {}
    for table in tables:
        outcomes[table.device] = new_configurations(table)
        print(outcomes[table.device].line(table.device), flush=True)
    vulkan = [outcome for device, outcome in outcomes.items() if runtime == "tflite" or "iphone" not in device]
    print(joined(vulkan).line("all" if runtime == "tflite" else "all under Vulkan"))
    everything = joined(list(outcomes.values()))
    outside = np.flatnonzero(everything.estimates.methods == "outside the table")
    print(Outcome(everything.us[outside], everything.estimates[outside]).line("of all, outside the table"))
    large = joined([largest_kernels(table) for table in tables])
    print(large.line("slowest tenth, from the rest"), flush=True)


def on_new_devices(runtime: str) -> None:
    print(f"\n{runtime}: a device without a table\n{HEADING}")
    estimators = [KernelEstimator.shipped(runtime, device) for device in tabled_devices(runtime)]
    for anchors in ANCHORS:
        found = {}
        for own in estimators:
            others = [other for other in estimators if other is not own]
            outcome = joined([new_device(own.table, others, anchors, draw) for draw in range(DRAWS)])
            found[own.table.device] = outcome
            print(outcome.line(f"{anchors} anchors, {own.table.device}"), flush=True)
        print(joined(list(found.values())).line(f"{anchors} anchors, all"), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runtime", choices=("tflite", "pytorch"), help="only this one")
    parser.add_argument("--skip-transfer", action="store_true", help="leave out devices without a table")
    options = parser.parse_args()
    for runtime in [options.runtime] if options.runtime else ["tflite", "pytorch"]:
        begun, used = time.perf_counter(), time.process_time()
        on_known_devices(runtime)
        if not options.skip_transfer:
            on_new_devices(runtime)
        print(f"{time.perf_counter() - begun:.0f} s, {time.process_time() - used:.0f} s of them on the processor")


if __name__ == "__main__":
    main()
