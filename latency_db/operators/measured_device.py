"""Estimates of kernels and of whole graphs on a machine on which kernels were timed.

fit = read_fit(folder, soc, runtime, runtime_version, threads)
device = MeasuredDevice.of(runtime, "host", {kernel: us, …}, fit)
total = device.graph(kernels)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from latency_db.kernel import Kernel
from latency_db.operators import conformal
from latency_db.operators.calibration import Calibration, Priced
from latency_db.operators.estimates import KernelEstimates, KernelEstimator
from latency_db.operators.fit_file import Fit
from latency_db.operators.gaussian_process import Array
from latency_db.operators.process import class_processes
from latency_db.operators.table import KernelTable, as_tabled, configuration

LEAST_OF_A_KERNEL = 0.05
"""Share of a kernel's time that is left at least when that of a call is taken away: calls differ by more than that"""


@dataclass(frozen=True)
class GraphEstimate:
    """µs of a graph"""

    us: float
    low: float
    high: float
    kernels: KernelEstimates
    """In their order, each as if it were alone"""


@dataclass(frozen=True)
class MeasuredDevice:
    """One machine under one runtime."""

    estimator: KernelEstimator
    calibration: Calibration
    call: float = 0.0
    """µs in the time of each kernel that was timed alone, which a graph has only once"""

    @classmethod
    def of(cls, runtime: str, device: str, us: Mapping[Kernel, float], fit: Fit) -> MeasuredDevice:
        """From the µs of kernels. Those that the fit was not made to are known as themselves only: they may have
        features that its processes know nothing of."""
        fitted = set(fit.kernels)
        those = KernelTable.of(runtime, device, {kernel: t for kernel, t in us.items() if kernel.key in fitted})
        estimator = KernelEstimator(KernelTable.of(runtime, device, us), class_processes(those, fit.classes))
        return cls(estimator, fit.calibration, fit.call)

    def kernel_times(self, kernels: Sequence[Kernel]) -> Array:
        """[kernels] µs that each adds to its graph"""
        return self.calibration.of_kernels(self.priced(kernels))

    def graph(self, kernels: Sequence[Kernel]) -> GraphEstimate:
        found = self.estimator.estimate(kernels)
        priced = self._priced(kernels, found)
        total = self.calibration.total(priced)
        width = float(np.exp(self.calibration.half_width(priced.difficulty)))
        return GraphEstimate(total, total / width, total * width, found)

    def priced(self, kernels: Sequence[Kernel]) -> Priced:
        """Of a graph's kernels, before it is calibrated; those of unknown classes have the price that is usual for as
        many elements as they move."""
        return self._priced(kernels, self.estimator.estimate(kernels))

    def _priced(self, kernels: Sequence[Kernel], found: KernelEstimates) -> Priced:
        known = ~np.isnan(found.us)
        moved = np.array([kernel.elements_read + kernel.elements_written for kernel in kernels], dtype=np.float64)
        alone = np.where(known, found.us, self.estimator.table.usual_rate * moved)
        us = np.maximum(alone - self.call, LEAST_OF_A_KERNEL * alone)
        half_widths = np.log(found.high[known] / found.low[known]) / 2
        unknown_share = us[~known].sum(keepdims=True) / us.sum()
        return Priced(kernels, us, float(conformal.difficulty(us[None, known], half_widths, unknown_share)[0]))


def but_those_of(us: Mapping[Kernel, float], kernels: Iterable[Kernel], runtime: str) -> dict[Kernel, float]:
    """What was measured of other configurations than these kernels have."""
    theirs = {configuration(as_tabled(kernel, runtime)) for kernel in kernels}
    return {kernel: t for kernel, t in us.items() if configuration(as_tabled(kernel, runtime)) not in theirs}
