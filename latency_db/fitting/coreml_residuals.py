"""Errors of the Core ML regression on rows that it was not fitted to: makes `data/published/coreml_residuals.csv.gz`.

    python -m latency_db.fitting.coreml_residuals

Intervals at run time are quantiles of them. Three ways of leaving out: every row of a model, of a family, of a phone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from latency_db.published.coreml_intervals import LeftOut, Residual
from latency_db.published.coreml_regression import CoreMLRegression, Timed, training_rows
from latency_db.published.rows import PublishedRow, published_rows
from latency_db.shipped_tables import DATA, table_bytes

GROUPS: dict[LeftOut, Callable[[Timed], str]] = {
    "model": lambda one: one.facts.model,
    "family": lambda one: one.facts.family,
    "phone": lambda one: one.line,
}


def main() -> None:
    pairs = training_rows(published_rows())
    residuals = [residual for kind in GROUPS for residual in left_out(kind, pairs)]
    target = DATA / "published" / "coreml_residuals.csv.gz"
    target.write_bytes(table_bytes(residuals, Residual))
    print(f"{len(residuals)} residuals, {target.stat().st_size} bytes")


def left_out(kind: LeftOut, pairs: Sequence[tuple[Timed, PublishedRow]]) -> Iterator[Residual]:
    """The residual of every row, from a fit to all rows but those that share its model, family or phone."""
    group_of = GROUPS[kind]
    for group in sorted({group_of(timed) for timed, _ in pairs}):
        test = [(timed, row) for timed, row in pairs if group_of(timed) == group]
        train = [(timed, row) for timed, row in pairs if group_of(timed) != group]
        model = CoreMLRegression.fit([timed for timed, _ in train], [row.ms for _, row in train])
        means, deviations = model.predict([timed for timed, _ in test])
        for (timed, row), mean, deviation in zip(test, means, deviations, strict=True):
            residual = round(float(mean - np.log(row.ms)), 4)
            yield Residual(
                kind, timed.facts.model, timed.facts.family, timed.device, residual, round(float(deviation), 4)
            )


if __name__ == "__main__":
    main()
