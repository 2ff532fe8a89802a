"""How far the estimator's joints are off: `python benchmarks/latency_estimator.py [kernels] [alike]`.

    kernels   whole models on GPUs that have a table of kernels: their sum with its overheads against the roofline of
              the cell, models and then families held out, and with them the kernels that only they have
    alike     a phone on which nothing was timed, from the most alike one: each of the seven left out

Errors are |estimated / measured - 1|; coverage and high/low are those of 90 % intervals whose width comes from the
other families, or the other phones.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from latency_db.coverage import quantile
from latency_db.end_to_end.cells import shipped
from latency_db.fitting.alike_devices import phones_left_out
from latency_db.fitting.end_to_end import folds
from latency_db.fitting.kernel_overheads import held_out, timed

Array = NDArray[np.float64]


def figures(residuals: Array) -> str:
    errors = np.abs(np.expm1(-residuals))
    return f"{len(errors):6d} rows  median {np.median(errors):6.1%}  p90 {np.quantile(errors, 0.9):6.1%}"


def intervals(residuals: Array, scale: Array, groups: Iterable[str]) -> str:
    """Each group's from the errors, in units of their scale, of the others."""
    names = np.array(list(groups))
    half = np.empty(len(residuals))
    for name in np.unique(names):
        out = names == name
        half[out] = quantile(np.abs(residuals[~out]) / scale[~out]) * scale[out]
    return f"coverage {np.mean(np.abs(residuals) <= half):6.1%}  high/low {np.median(np.exp(2 * half)):5.2f}"


def kernels() -> None:
    table = shipped()
    fold = folds(table.models)
    family = {name: model.family for name, model in table.models.items()}
    on = list(timed(table))
    for name, group_of in (("model", fold), ("family", family)):
        sums, rooflines = defaultdict[str, list[Array]](list), defaultdict[str, list[Array]](list)
        for one in on:
            cell, good = one.cell, ~one.cell.slow
            groups = [group_of[model] for model in cell.models]
            residuals, hard = held_out(one, groups)
            print(f"new {name}, {cell.id.runtime:8s}{cell.id.device:20s} kernels  {figures(residuals[good])}  "
                  f"{intervals(residuals[good], hard[good], np.array(groups)[good])}", flush=True)  # fmt: skip
            sums[cell.id.runtime].append(residuals[good])
            rooflines[cell.id.runtime].append(getattr(cell, f"{name}_residuals")[good])
        for runtime in sums:
            print(f"new {name}, all of {runtime:22s} kernels  {figures(np.concatenate(sums[runtime]))}")
            print(f"new {name}, all of {runtime:22s} roofline {figures(np.concatenate(rooflines[runtime]))}")


def alike() -> None:
    found = phones_left_out(shipped())
    for kind in sorted({key[:3] for key in found}):
        phones = {key[3]: cells for key, cells in found.items() if key[:3] == kind}
        scaled = {
            phone: np.quantile(np.concatenate([np.abs(left) / (1 + away) for left, away in cells]), 0.9)
            for phone, cells in phones.items()
        }
        residuals, within = [], []
        for phone, cells in phones.items():
            others = quantile([error for other, error in scaled.items() if other != phone])
            for left, away in cells:
                residuals.append(left)
                within.append(np.abs(left) <= others * (1 + away))
        print(f"{' '.join(kind):20s} {len(phones)} phones {figures(np.concatenate(residuals))}  "
              f"coverage {np.mean(np.concatenate(within)):6.1%}")  # fmt: skip


QUESTIONS = {"kernels": kernels, "alike": alike}

if __name__ == "__main__":
    for question in sys.argv[1:] or QUESTIONS:
        QUESTIONS[question]()
