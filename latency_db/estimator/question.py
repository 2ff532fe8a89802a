"""What is asked, with what nobody stated filled in: what every method of the estimator is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from device_profiles.platforms import APPLES
from latency_db.estimator.agreement import agrees
from latency_db.estimator.cores import default_cores, has_cores, impossible
from latency_db.estimator.workload import Workload
from latency_db.kernel import Kernel
from latency_db.measurement import Conditions, Measurement, NumberFormat, Subject, Unit
from latency_db.operators.fit_file import Fit
from latency_db.ranking import NEVER, RANKS, believed, standing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HOST = "host"

DEFAULT_UNITS: dict[str, Unit] = {"coreml": "all", "coreai": "all", "qnn": "npu"}
"""Runtime -> where it runs unless it is told; all others run on the CPU until they are given a delegate."""
DEFAULT_PRECISIONS: dict[str, NumberFormat] = {"coreml": "fp16"}
"""Core ML's own default; fp32 for all others"""

_NOT_TIMED = False, -len(RANKS)
"""Below what `standing` has of any row that is believed"""


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

    @property
    def on_default_cores(self) -> bool:
        """Whether it runs where the runtime does unless it is told otherwise, as what states no threads and cores."""
        if self.unit != "cpu" or not has_cores(self.device):
            return True
        return self.conditions.cores == default_cores(self.runtime, self.device, None)

    @cached_property
    def rows(self) -> dict[Subject, Measurement]:
        """Subject -> the row to believe of those that were measured under these conditions"""
        return believed(row for row in self.measured if agrees(row, self.conditions))

    @cached_property
    def own_rows(self) -> dict[Subject, Measurement]:
        """The same, of the workload's own graphs and models alone"""
        subjects = self.workload.subjects
        keys = {subject.key for subject in subjects}  # whose hashes are kept
        own = (row for row in self.measured if row.subject.key in keys and row.subject in subjects)
        return believed(row for row in own if agrees(row, self.conditions))

    @cached_property
    def kernel_rows(self) -> dict[Kernel, Measurement]:
        """Kernel -> its row, of those"""
        return {Kernel.of_key(subject.key): row for subject, row in self.rows.items() if subject.kind == "kernel"}

    @property
    def kernels(self) -> Mapping[tuple[str, Kernel], int]:
        """(graph, kernel) -> how often"""
        return self.workload.kernels

    @property
    def features(self) -> NDArray[np.float64]:
        """[1, features] of `latency_db.end_to_end.features`, over all graphs"""
        return self.workload.features


def question(
    workload: Workload,
    device: str,
    conditions: Conditions,
    measured: Sequence[Measurement] = (),
    fits: Sequence[Fit] = (),
) -> Question:
    """Raises `ValueError` for conditions without a runtime, for such as the device cannot run under, and for a workload
    without kernels."""
    if conditions.runtime is None:
        raise ValueError("A latency is that of a runtime: name one, such as tflite.")
    if not any(workload.graphs.values()):
        raise ValueError("A workload without kernels takes no time that could be estimated: cut its graphs again.")
    runtime = conditions.runtime
    own = tuple(row for row in measured if row.conditions.runtime == runtime and row.device.id == device)
    complete, assumed = completed(conditions, device, own, workload)
    socs = {row.device.soc for row in own}
    fitted = tuple(
        fit
        for fit in fits
        if (fit.runtime, fit.runtime_version) == (complete.runtime, complete.runtime_version)
        and fit.soc in socs
        and complete.threads in (None, fit.threads)
    )
    return Question(workload, device, complete, assumed, own, fitted)


def completed(
    conditions: Conditions, device: str, measured: Sequence[Measurement] = (), workload: Workload | None = None
) -> tuple[Conditions, tuple[str, ...]]:
    """Conditions with unit, precision and cores, and in words what was taken where nobody stated it.

    With threads and cores left open, those are meant with which the workload's very model was timed on the device, else
    those with which most of what was measured there ran; on this machine, whose runtimes are upgraded, the version that
    was measured last. Raises `ValueError` for threads or cores that the device does not have.
    """
    assumed = []
    runtime = str(conditions.runtime)
    if conditions.unit is None:
        usual = DEFAULT_UNITS.get(runtime, "cpu")
        conditions = replace(conditions, unit=usual)
        assumed.append(f"unit left to {APPLES[runtime]}" if usual == "all" else f"on the {usual.upper()}")
    if conditions.precision is None:
        conditions = replace(conditions, precision=DEFAULT_PRECISIONS.get(runtime, "fp32"))
        assumed.append(f"in {conditions.precision}")
    if refusal := _refusal(conditions, device):
        raise ValueError(refusal)
    unit, precision = conditions.unit, conditions.precision
    alike = sorted(
        (row for row in measured if row.conditions.unit == unit and row.conditions.precision == precision),
        key=lambda row: row.measured_at or NEVER,
    )
    if device == HOST and not conditions.runtime_version:
        ran_here = [row for row in alike if conditions.threads in (None, row.conditions.threads)]
        conditions = replace(conditions, runtime_version=ran_here[-1].conditions.runtime_version if ran_here else "")
        alike = [row for row in ran_here if row.conditions.runtime_version == conditions.runtime_version]
        assumed += [f"of {runtime} {conditions.runtime_version}"] if conditions.runtime_version else []
    if conditions.unit != "cpu":
        return conditions, tuple(assumed)
    possible = [row for row in alike if not _refusal(row.conditions, device)]
    if possible and conditions.threads is None and not conditions.cores:
        threads, cores = _usual_cores(possible, workload)
        conditions = replace(conditions, threads=threads, cores=cores)
        assumed += [f"with {threads} threads" if threads != 1 else "with one thread"] if threads else []
    if not conditions.cores and has_cores(device):
        conditions = replace(conditions, cores=default_cores(runtime, device, conditions.threads))
        assumed.append(f"on cores {conditions.cores}")
    return conditions, tuple(assumed)


def _usual_cores(rows: Sequence[Measurement], workload: Workload | None) -> tuple[int | None, str]:
    """Threads and cores with which all of a workload's model was timed, as the row to believe has them; else those of
    most rows."""
    ran: dict[tuple[int | None, str], list[Measurement]] = {}
    for row in rows:
        ran.setdefault((row.conditions.threads, row.conditions.cores), []).append(row)
    own = frozenset[Subject]() if workload is None else workload.subjects
    ways = [] if workload is None else [set(way.values()) for way in workload.timed_as()]

    def standing_of(key: tuple[int | None, str]) -> tuple[tuple[bool, int], int]:
        whole = (row for row in ran[key] if row.subject.kind != "kernel")
        found = believed(row for row in whole if row.subject in own)
        timed = [min(standing(found[subject])[:2] for subject in way) for way in ways if way <= set(found)]
        return max(timed, default=_NOT_TIMED), len(ran[key])

    return max(ran, key=standing_of)


def _refusal(conditions: Conditions, device: str) -> str:
    """Why threads and cores cannot be asked for, in a sentence; "" where they can."""
    if not conditions.cores and conditions.threads is None:
        return ""
    if conditions.unit != "cpu":
        return f"Threads and cores are those of a CPU, and the {conditions.unit} was asked for: leave them out."
    if not has_cores(device):
        whose = "This machine's" if device == HOST else "A browser's"
        return f"{whose} cores are not told apart: name a number of threads instead." if conditions.cores else ""
    return impossible(device, conditions.cores, conditions.threads)
