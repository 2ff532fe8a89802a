"""What is asked, with what nobody stated filled in: what every method of the estimator is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from latency_db.end_to_end.features import of_kernel
from latency_db.estimator.cores import default_cores
from latency_db.estimator.workload import Workload
from latency_db.kernel import Kernel
from latency_db.measurement import Conditions, Measurement, NumberFormat, Unit
from latency_db.operators.fit_file import Fit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HOST = "host"

DEFAULT_UNITS: dict[str, Unit] = {"coreml": "all", "qnn": "npu"}
"""Runtime -> where it runs unless it is told; all others run on the CPU until they are given a delegate."""
DEFAULT_PRECISIONS: dict[str, NumberFormat] = {"coreml": "fp16"}
"""Core ML's own default; fp32 for all others"""


@dataclass(frozen=True)
class Question:
    """A workload on a device, under conditions that leave nothing open but versions."""

    workload: Workload
    device: str
    conditions: Conditions
    assumed: tuple[str, ...]
    """What nobody stated, and what was taken instead, in words"""
    measured: tuple[Measurement, ...]
    """What was measured on the device under the runtime, on any of its units"""
    fits: tuple[Fit, ...] = ()
    """What was learned of the machines that measured it, for as many threads as are asked for"""

    @property
    def runtime(self) -> str:
        return str(self.conditions.runtime)

    @property
    def unit(self) -> str:
        return str(self.conditions.unit)

    @property
    def precision(self) -> str:
        return str(self.conditions.precision)

    @cached_property
    def kernels(self) -> dict[tuple[str, Kernel], int]:
        """(graph, kernel) -> how often"""
        return {
            (graph, kernel): count
            for graph, kernels in self.workload.graphs.items()
            for kernel, count in Counter(kernels).items()
        }

    @cached_property
    def features(self) -> NDArray[np.float64]:
        """[1, features] of `latency_db.end_to_end.features`, over all graphs"""
        rows = [count * of_kernel(kernel) for (_, kernel), count in self.kernels.items()]
        return sum(rows[1:], rows[0])[None]


def question(
    workload: Workload,
    device: str,
    conditions: Conditions,
    measured: Sequence[Measurement] = (),
    fits: Sequence[Fit] = (),
) -> Question:
    """Raises `ValueError` for conditions without a runtime, and for a workload without kernels."""
    if conditions.runtime is None:
        raise ValueError("A latency is that of a runtime: name one, such as tflite.")
    if not any(workload.graphs.values()):
        raise ValueError("A workload without kernels takes no time that could be estimated: cut its graphs again.")
    own = tuple(row for row in measured if row.device.id == device and row.conditions.runtime == conditions.runtime)
    complete, assumed = completed(conditions, device, own)
    socs = {row.device.soc for row in own}
    fitted = tuple(
        fit
        for fit in fits
        if fit.runtime == complete.runtime
        and fit.soc in socs
        and complete.threads in (None, fit.threads)
        and complete.runtime_version in ("", fit.runtime_version)
    )
    return Question(workload, device, complete, assumed, own, fitted)


def completed(
    conditions: Conditions, device: str, measured: Sequence[Measurement] = ()
) -> tuple[Conditions, tuple[str, ...]]:
    """Conditions with unit, precision and cores, and in words what was taken where nobody stated it.

    With threads and cores left open, those are meant with which most of what was measured on the device ran.
    """
    assumed = []
    runtime = str(conditions.runtime)
    if conditions.unit is None:
        unit = DEFAULT_UNITS.get(runtime, "cpu")
        conditions = replace(conditions, unit=unit)
        assumed.append("unit left to Core ML" if unit == "all" else f"on the {unit.upper()}")
    if conditions.precision is None:
        conditions = replace(conditions, precision=DEFAULT_PRECISIONS.get(runtime, "fp32"))
        assumed.append(f"in {conditions.precision}")
    ran = Counter(
        (row.conditions.threads, row.conditions.cores)
        for row in measured
        if (row.conditions.unit, row.conditions.precision) == (conditions.unit, conditions.precision)
    )
    if ran and conditions.threads is None and not conditions.cores:
        [((threads, cores), _)] = ran.most_common(1)
        conditions = replace(conditions, threads=threads, cores=cores)
        assumed += [f"with {threads} threads" if threads != 1 else "with one thread"] if threads else []
    if conditions.unit == "cpu" and not conditions.cores and device != HOST:
        conditions = replace(conditions, cores=default_cores(runtime, device, conditions.threads))
        assumed.append(f"on cores {conditions.cores}")
    return conditions, tuple(assumed)
