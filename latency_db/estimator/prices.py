"""What thousands of variants of a workload take, in one product: for searches, such as one for a slimmer model.

The workload itself is estimated by whatever method knows it best; a variant takes as many times as long as its features
cost more, under the coefficients of the nearest cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latency_db.estimator.alike import nearest_cell
from latency_db.estimator.estimate import Estimate
from latency_db.estimator.estimator import estimate
from latency_db.estimator.question import question
from latency_db.estimator.workload import Workload
from latency_db.measurement import Conditions, Measurement
from latency_db.operators.fit_file import Fit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Prices:
    """Of one device under one set of conditions."""

    of_workload: Estimate
    """What the workload itself takes"""
    coefficients: Array
    """[features of `latency_db.end_to_end.features`] ms for a unit of each"""

    def of(self, graphs: Array) -> tuple[Array, Array, Array]:
        """ms, low and high, each [graphs], of graphs [graphs, features].

        Intervals are as wide as the workload's own, in logarithms: what is more alike to it than that is not known.
        """
        whole = self.of_workload
        ms = graphs @ self.coefficients
        return ms, ms * (whole.low / whole.ms), ms * (whole.high / whole.ms)


def prices(
    workload: Workload,
    device: str,
    conditions: Conditions,
    measured: Sequence[Measurement] = (),
    fits: Sequence[Fit] = (),
) -> Prices:
    """Raises what `estimate` does."""
    whole = estimate(workload, device, conditions, measured, fits)
    asked = question(workload, device, conditions, measured, fits)
    coefficients = nearest_cell(asked)
    return Prices(whole, coefficients * (whole.ms / float(asked.features[0] @ coefficients)))
