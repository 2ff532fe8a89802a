"""What kernels take on a device that has a table of them: measured, or estimated from what was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from latency_db.coverage import NORMAL
from latency_db.kernel import Kernel
from latency_db.operators import conformal
from latency_db.operators.features import features
from latency_db.operators.gaussian_process import Array
from latency_db.operators.process import ClassProcess, class_processes, read_fitted, rows_by_class
from latency_db.operators.table import KernelTable, as_tabled, read_table

Method = Literal[
    "measured", "kernel table", "outside the table", "transfer", "transfer outside the table", "unknown",
]  # fmt: skip
"""The table has this very kernel; it has kernels all around it; it has kernels of this class, but none so small, so
large or of such a form; other devices have it and this one was compared with them; one of these has none such in its
table; nothing is known of its class."""

OUTSIDE = 2.0
"""How many times as wide an interval is outside the table, in logarithms, as the process itself would have it: it does
not know of what never varied."""

NOISE = 0.1
"""Deviation of the logarithm of a measured time, of a class of which so few kernels were measured that nothing was
fitted: nine in ten of the shipped classes have less"""


@dataclass(frozen=True)
class KernelEstimates:
    """Of several kernels, in their order."""

    us: Array
    """[kernels] µs; NaN where the method is `unknown`"""
    low: Array
    high: Array
    """[kernels] µs, between which 90 % of measurements lie"""
    methods: NDArray[np.str_]
    """[kernels] `Method`"""

    def __getitem__(self, rows: NDArray[np.intp]) -> KernelEstimates:
        return KernelEstimates(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True)
class KernelEstimator:
    """Estimates kernels on one device under one runtime."""

    table: KernelTable
    processes: dict[str, ClassProcess]
    """Class -> its process; of other classes only what the table has is known"""

    @classmethod
    def shipped(cls, runtime: str, device: str) -> KernelEstimator:
        """Raises `NoKernelTable` where no table of the device is shipped."""
        table = read_table(runtime, device)
        return cls(table, class_processes(table, read_fitted(runtime, device)))

    def estimate(self, kernels: Sequence[Kernel]) -> KernelEstimates:
        """Kernels that are the same are estimated once."""
        tabled = [as_tabled(kernel, self.table.runtime) for kernel in kernels]
        once = list(dict.fromkeys(tabled))
        place = {kernel: row for row, kernel in enumerate(once)}
        return self._estimate(once)[np.array([place[kernel] for kernel in tabled], dtype=np.intp)]

    def _estimate(self, kernels: Sequence[Kernel]) -> KernelEstimates:
        centre, width = np.full((2, len(kernels)), np.nan)
        methods = np.full(len(kernels), "unknown", dtype="<U20")
        exact = np.log(self.table.measured(kernels))
        for name, rows in rows_by_class(kernels).items():
            known, process = ~np.isnan(exact[rows]), self.processes.get(name)
            if process is None:
                centre[rows], width[rows] = exact[rows], NORMAL * NOISE
                methods[rows] = np.where(known, "measured", "unknown")
                continue
            matrix = features([kernels[row] for row in rows])
            inside = process.scaling.contains(matrix)
            mean, deviation = process.predict(matrix)
            half = conformal.half_widths(process.fitted.quantile, deviation) * np.where(inside, 1, OUTSIDE)
            centre[rows] = np.where(known, exact[rows], mean)
            width[rows] = np.where(known, NORMAL * process.fitted.noise, half)
            methods[rows] = np.where(known, "measured", np.where(inside, "kernel table", "outside the table"))
        return KernelEstimates(np.exp(centre), np.exp(centre - width), np.exp(centre + width), methods)
