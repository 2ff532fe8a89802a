"""Makes `latency_db/data/estimator/overheads.csv.gz` from the shipped tables.

    python -m latency_db.fitting.kernel_overheads

For each GPU with a table of kernels and with models that were timed whole. Families of models are held out in turn, and
with them the table's lines of kernels that only they have, whose times are then estimated from the other lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latency_db.coverage import quantile
from latency_db.end_to_end.cells import TABLES, Cell, EndToEnd, shipped
from latency_db.estimator.overheads import TABLE, Overhead
from latency_db.fitting.end_to_end import folds
from latency_db.fitting.roofline import fitted
from latency_db.kernel import Kernel
from latency_db.operators import conformal
from latency_db.operators.estimates import KernelEstimator
from latency_db.operators.features import kernel_class
from latency_db.operators.table import as_tabled, tabled_devices
from latency_db.shipped_tables import read_lines, table_bytes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Timed:
    """Models that were timed whole on a GPU whose kernels were timed one by one."""

    cell: Cell
    estimator: KernelEstimator
    kernels: tuple[Kernel, ...]
    """That the models have, as the table names them"""
    counts: Array
    """[models, kernels]"""
    us: Array
    """[kernels] NaN of classes that the table lacks"""
    half_widths: Array
    """[kernels] of their intervals, in logarithms"""

    @classmethod
    def of(cls, cell: Cell, graphs: dict[tuple[str, str, str], Counter[Kernel]]) -> Timed:
        cut = [graphs[model, cell.id.runtime, cell.id.unit] for model in cell.models]
        tabled = [
            Counter({}) + _sum_by((as_tabled(kernel, cell.id.runtime), count) for kernel, count in graph.items())
            for graph in cut
        ]
        kernels = tuple(dict.fromkeys(kernel for graph in tabled for kernel in graph))
        counts = np.array([[graph[kernel] for kernel in kernels] for graph in tabled], float)
        estimator = KernelEstimator.shipped(cell.id.runtime, cell.id.device)
        found = estimator.estimate(kernels)
        return cls(cell, estimator, kernels, counts, found.us, np.log(found.high / found.low) / 2)

    def without(self, models: NDArray[np.bool_]) -> tuple[Array, Array]:
        """`us` and `half_widths` had these models [models] not been there, nor the kernels that only they have."""
        us, half_widths = self.us.copy(), self.half_widths.copy()
        only = (self.counts[models].sum(0) > 0) & (self.counts[~models].sum(0) == 0)
        lines = self._lines
        for name, process in self.estimator.processes.items():
            own = [
                place
                for place in np.flatnonzero(only)
                if kernel_class(self.kernels[place]) == name and self.kernels[place].key in lines
            ]
            if not own:
                continue
            out = {line: number for number, place in enumerate(own) for line in lines[self.kernels[place].key]}
            groups = ["out" if line in out else str(line) for line in range(len(process.us))]
            residuals, deviations = process.regression.left_out(groups)
            for place in own:
                line = lines[self.kernels[place].key][0]
                us[place] = process.us[line] * np.exp(-residuals[line])
                half_widths[place] = conformal.half_widths(process.fitted.quantile, deviations[line])
        return us, half_widths

    def sums(self, us: Array) -> Array:
        """[models, 4] what coefficients of an `Overhead` multiply."""
        known = ~np.isnan(us)
        moved = np.array([kernel.elements_read + kernel.elements_written for kernel in self.kernels], float)
        return np.column_stack([
            self.counts @ np.nan_to_num(us) / 1e3,
            self.counts[:, ~known] @ moved[~known] / 1e6,
            self.counts.sum(1),
            np.ones(len(self.counts)),
        ])  # fmt: skip

    @property
    def _lines(self) -> dict[str, list[int]]:
        """Key -> where it stands among the lines of its class"""
        found: dict[str, list[int]] = {}
        seen = Counter[str]()
        for kernel in self.estimator.table.kernels:
            name = kernel_class(kernel)
            found.setdefault(kernel.key, []).append(seen[name])
            seen[name] += 1
        return found


def timed(table: EndToEnd) -> Iterator[Timed]:
    """Of every GPU that has both tables."""
    graphs = _graphs()
    for cell in table.cells.values():
        if cell.id.unit == "gpu" and cell.id.device in tabled_devices(cell.id.runtime):
            yield Timed.of(cell, graphs)


def held_out(one: Timed, groups: Sequence[str]) -> tuple[Array, Array]:
    """ln(measured / estimated) of each model, its whole group held out, and its difficulty; both [models]."""
    milliseconds, group = one.cell.milliseconds, np.array(groups)
    residuals, hard = np.empty(len(group)), np.empty(len(group))
    for name in dict.fromkeys(groups):
        out = group == name
        us, half_widths = one.without(out)
        sums, training = one.sums(us), ~out & ~one.cell.slow
        coefficients = fitted(sums[training], milliseconds[training])
        parts = sums[out] * coefficients
        residuals[out] = np.log(milliseconds[out] / parts.sum(1))
        known = ~np.isnan(us)
        hard[out] = conformal.difficulty(
            one.counts[out][:, known] * us[known], half_widths[known], parts[:, 1] / parts.sum(1)
        )  # fmt: skip
    return residuals, hard


def _sum_by(pairs: Iterator[tuple[Kernel, int]]) -> Counter[Kernel]:
    found = Counter[Kernel]()
    for kernel, count in pairs:
        found[kernel] += count
    return found


def _graphs() -> dict[tuple[str, str, str], Counter[Kernel]]:
    """(model, runtime, unit) -> its kernels, of the shipped graphs"""
    kernels = [Kernel.of_key(row["kernel"]) for row in read_lines(TABLES / "kernels.csv.gz")]
    return {
        (row["model"], row["runtime"], row["unit"]): Counter(
            {kernels[int(number)]: int(count) for number, count in (part.split("*") for part in row["kernels"].split())}
        )
        for row in read_lines(TABLES / "graphs.csv.gz")
    }


def main() -> None:
    table = shipped()
    rows = [_row(one, table) for one in timed(table)]
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_bytes(table_bytes(rows, Overhead))


def _row(one: Timed, table: EndToEnd) -> Overhead:
    cell, good, fold = one.cell, ~one.cell.slow, folds(table.models)
    scale, *others = fitted(one.sums(one.us)[good], cell.milliseconds[good])
    print(cell.id.runtime, cell.id.device)
    _shown("model", one, [fold[model] for model in cell.models], cell.model_residuals)
    # Intervals are those of new families: what is asked is seldom a model of a family that the tables have.
    families = [table.models[model].family for model in cell.models]
    residuals, hard = _shown("family", one, families, cell.family_residuals)
    score = quantile(np.abs(residuals) / hard)
    error, roofline_error = (
        float(np.median(np.abs(np.expm1(-left)))) for left in (residuals, cell.family_residuals[good])
    )
    unfitted = np.log(cell.milliseconds / one.sums(one.us)[:, 0])[good]
    per_unknown, per_kernel, per_graph = map(_digits, others)
    return Overhead(
        cell.id.runtime, cell.id.device, _digits(scale), per_unknown, per_kernel, per_graph, _digits(score),
        int(good.sum()), _digits(quantile(np.abs(unfitted) / hard)), _digits(error), _digits(roofline_error),
    )  # fmt: skip


def _shown(name: str, one: Timed, groups: Sequence[str], by_roofline: Array) -> tuple[Array, Array]:
    """`held_out`, of the models that were timed in good order; printed beside the residuals of the roofline."""
    good = ~one.cell.slow
    residuals, hard = (part[good] for part in held_out(one, groups))
    width = np.median(np.exp(2 * quantile(np.abs(residuals) / hard) * hard))
    print(
        f"  new {name}: kernels {_errors(residuals)}, high/low {width:.2f}; roofline {_errors(by_roofline[good])}",
        flush=True,
    )
    return residuals, hard


def _digits(value: float) -> float:
    return float(f"{value:.4g}")


def _errors(residuals: Array) -> str:
    errors = 100 * np.abs(np.expm1(-residuals))
    return f"{np.median(errors):.1f} % (p90 {np.quantile(errors, 0.9):.0f} %)"


if __name__ == "__main__":
    main()
