"""Kernels that somebody measured on a device of theirs, made into estimates of kernels and of whole graphs.

What a fit to them found is a file beside their database (`Fit`), as the shipped tables have one; without the measured
kernels themselves, which stay in the database, it says nothing.

    fit = read_fit(folder, soc, runtime, version, threads)
    device = MeasuredDevice.of(runtime, "host", {kernel: us, …}, fit)
    total = device.graph(kernels)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from latency_db.coverage import quantile
from latency_db.kernel import Kernel
from latency_db.operators import conformal
from latency_db.operators.estimates import KernelEstimates, KernelEstimator
from latency_db.operators.features import kernel_class
from latency_db.operators.gaussian_process import Array
from latency_db.operators.process import Fitted, class_processes
from latency_db.operators.table import KernelTable, as_tabled

WHOLE = ("graph", "kernels", "weights")
"""What a graph costs besides its kernels grows with: nothing, their number, and the bytes of weights, which in a model
are in no near cache when their turn comes."""

TRUSTS = (1.0, 0.3, 0.1, 0.03, 0.01)
"""How many graphs' squared relative errors a class's factor is worth that is 1 off: kernels are believed where graphs
do not contradict them. The one is taken with which graphs that are left out are missed by least."""
_TRUST_WHOLE = 1e-4
"""The same of the other terms, each as a share of the whole"""

FEWEST_GRAPHS = 6
"""That factors are fitted to"""


@dataclass(frozen=True)
class Overheads:
    """What a graph takes, µs: factors of the sums of its kernels by class, and terms for the whole."""

    factors: Mapping[str, float]
    """Class -> by what the sum of its kernels is multiplied; 1 of one that is not named"""
    whole: Mapping[str, float]
    """Name of `WHOLE` -> µs for one (for a megabyte of weights)"""
    quantile: float
    """Of |ln(measured / estimated)| in units of a graph's difficulty, each graph left out of the fit"""
    graphs: int
    """That it was fitted to"""

    def of_kernels(self, kernels: Sequence[Kernel], us: Array) -> Array:
        """[kernels] µs that each takes in a graph, from those that it takes by itself"""
        return us * np.array([self.factors.get(kernel_class(kernel), 1.0) for kernel in kernels], np.float64)

    def total(self, kernels: Sequence[Kernel], us: Array) -> float:
        """µs of a graph, from those of its kernels, [kernels]"""
        whole = sum(self.whole.get(name, 0.0) * size for name, size in whole_of(kernels).items())
        return float(self.of_kernels(kernels, us).sum()) + whole


NO_OVERHEADS = Overheads({}, {}, quantile=5.0, graphs=0)
"""Nothing is known of a device on which no graph was timed. Its sums are taken to be off by as much as those of the
worst of ten phones' GPUs were without overheads (`unfitted` of `data/estimator/overheads.csv.gz`)."""


@dataclass(frozen=True)
class Fit:
    """What was learned of one machine under one version of a runtime with so many threads."""

    soc: str
    runtime: str
    runtime_version: str
    threads: int
    classes: Mapping[str, Fitted]
    """Class of kernels -> its process"""
    overheads: Overheads
    kernels: int
    """That it was fitted to; of a table with many more it should be done again."""

    def __hash__(self) -> int:
        """Dictionaries have none: of what tells fits apart but for these."""
        return hash((self.soc, self.runtime, self.runtime_version, self.threads, self.kernels))


@dataclass(frozen=True)
class GraphEstimate:
    """µs of a graph"""

    us: float
    low: float
    high: float
    kernels: KernelEstimates
    """In their order"""


@dataclass(frozen=True)
class TimedGraph:
    """A graph that was timed whole."""

    kernels: Sequence[Kernel]
    us: Array
    """[kernels] that each takes by itself"""
    difficulty: float
    """Log residual to expect of their sum, up to a factor"""
    whole_us: float
    """That the graph took"""


@dataclass(frozen=True)
class MeasuredDevice:
    """Estimates kernels and graphs on a device on which kernels were measured."""

    estimator: KernelEstimator
    overheads: Overheads

    @classmethod
    def of(cls, runtime: str, device: str, us: Mapping[Kernel, float], fit: Fit) -> MeasuredDevice:
        """From the µs of kernels. Those of classes that were not fitted are known as themselves only."""
        table = measured_table(runtime, device, us)
        return cls(KernelEstimator(table, class_processes(table, fit.classes)), fit.overheads)

    def kernel_times(self, kernels: Sequence[Kernel]) -> Array:
        """[kernels] µs of each by itself; of unknown classes, what is usual for as many elements as they move."""
        return self._complete(kernels, self.estimator.estimate(kernels))

    def graph(self, kernels: Sequence[Kernel]) -> GraphEstimate:
        found = self.estimator.estimate(kernels)
        us = self._complete(kernels, found)
        total = self.overheads.total(kernels, us)
        width = float(np.exp(self.overheads.quantile * _difficulty(us, found)))
        return GraphEstimate(total, total / width, total * width, found)

    def timed(self, kernels: Sequence[Kernel], whole_us: float) -> TimedGraph:
        """A graph that took so long, to fit overheads to."""
        found = self.estimator.estimate(kernels)
        us = self._complete(kernels, found)
        return TimedGraph(kernels, us, _difficulty(us, found), whole_us)

    def _complete(self, kernels: Sequence[Kernel], found: KernelEstimates) -> Array:
        moved = np.array([kernel.elements_read + kernel.elements_written for kernel in kernels], dtype=np.float64)
        return np.where(np.isnan(found.us), moved * self.estimator.table.usual_rate, found.us)


def _difficulty(us: Array, found: KernelEstimates) -> float:
    """Of a graph of these kernels, whose times are complete"""
    known = ~np.isnan(found.us)
    half_widths = np.log(found.high[known] / found.low[known]) / 2
    unknown_share = us[~known].sum(keepdims=True) / us.sum()
    return float(conformal.difficulty(us[None, known], half_widths, unknown_share)[0])


def measured_table(runtime: str, device: str, us: Mapping[Kernel, float]) -> KernelTable:
    """A table of what kernels took, under the names that tables use."""
    kernels = tuple(as_tabled(kernel, runtime) for kernel in us)
    return KernelTable(runtime, device, kernels, np.array(list(us.values())), np.ones(len(kernels), dtype=np.int64))


def class_sums(kernels: Sequence[Kernel], us: Array) -> dict[str, float]:
    """Class -> µs of a graph's kernels of it"""
    sums = dict[str, float]()
    for kernel, time in zip(kernels, us, strict=True):
        name = kernel_class(kernel)
        sums[name] = sums.get(name, 0.0) + float(time)
    return sums


def whole_of(kernels: Sequence[Kernel]) -> dict[str, float]:
    """What the terms for the whole are multiplied by"""
    weights = sum(kernel.bytes_read - 4 * kernel.elements_read for kernel in kernels)
    return dict(zip(WHOLE, (1.0, float(len(kernels)), weights / 1e6), strict=True))


def fitted_overheads(graphs: Sequence[TimedGraph]) -> Overheads:
    """From graphs that were timed whole.

    Relative errors are made least, with no term below 0 and factors near 1. Raises `ValueError` with fewer than
    `FEWEST_GRAPHS`.
    """
    if len(graphs) < FEWEST_GRAPHS:
        raise ValueError(f"Overheads are fitted to {FEWEST_GRAPHS} graphs or more, and {len(graphs)} were timed.")
    sums = [class_sums(graph.kernels, graph.us) for graph in graphs]
    classes = sorted({name for one in sums for name in one})
    rows = [
        [one.get(name, 0.0) for name in classes] + list(whole_of(graph.kernels).values())
        for one, graph in zip(sums, graphs, strict=True)
    ]
    shares = np.array(rows) / np.array([[graph.whole_us] for graph in graphs])
    missed = {trust: _left_out(shares, len(classes), trust) for trust in TRUSTS}
    trust = min(TRUSTS, key=lambda one: missed[one].mean())
    fitted = _least_squares(shares, len(classes), trust).tolist()
    return Overheads(
        dict(zip(classes, fitted[: len(classes)], strict=True)),
        dict(zip(WHOLE, fitted[len(classes) :], strict=True)),
        quantile(missed[trust] / np.array([graph.difficulty for graph in graphs])),
        len(graphs),
    )


def _left_out(shares: Array, classes: int, trust: float) -> Array:
    """[graphs] by how much, in logarithms, each is missed that is left out of the fit"""
    terms = [_least_squares(np.delete(shares, row, 0), classes, trust) for row in range(len(shares))]
    return np.abs(np.log(np.einsum("ij,ij->i", shares, np.array(terms))))


def _least_squares(shares: Array, classes: int, trust: float) -> Array:
    """[terms] not below 0, such that `shares` [graphs, terms] of the measured times add up to 1.

    A term that would be negative is left out for good, which is not always the very best.
    """
    scale = np.maximum(shares.mean(0), 1e-12)
    unit = np.concatenate([np.ones(classes), 1 / scale[classes:]])
    centre = np.concatenate([np.ones(classes), np.zeros(len(scale) - classes)])
    weight = np.concatenate([np.full(classes, trust), np.full(len(scale) - classes, _TRUST_WHOLE)]) * len(shares)
    matrix = shares * unit
    terms, kept = np.zeros(len(scale)), np.arange(len(scale))
    while len(kept):
        columns = matrix[:, kept]
        normal = columns.T @ columns + np.diag(weight[kept])
        found = np.linalg.solve(normal, columns.T @ np.ones(len(shares)) + weight[kept] * centre[kept])
        if (found >= 0).all():
            terms[kept] = found
            break
        kept = np.delete(kept, np.argmin(found))
    return np.asarray(terms * unit, dtype=np.float64)


def fit_path(folder: Path, soc: str, runtime: str, version: str, threads: int) -> Path:
    """Where the fit of a machine is."""
    machine = hashlib.sha256(f"{soc}\n{version}".encode()).hexdigest()[:12]
    return folder / f"kernels-{machine}-{runtime}-{threads}.json"


def read_fit(folder: Path, soc: str, runtime: str, version: str, threads: int) -> Fit | None:
    """None where there is none, or another version of vitexport made it."""
    try:
        found = json.loads(fit_path(folder, soc, runtime, version, threads).read_text())
        classes = {name: Fitted(**values) for name, values in found.pop("classes").items()}
        return Fit(**found | {"classes": classes, "overheads": Overheads(**found["overheads"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_fit(folder: Path, fit: Fit) -> Path:
    path = fit_path(folder, fit.soc, fit.runtime, fit.runtime_version, fit.threads)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(asdict(fit), indent=1) + "\n")
    unfinished.replace(path)
    return path
