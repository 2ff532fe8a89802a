"""What a whole model costs besides its kernels: dispatch, boundaries and copies, fitted to models timed whole.

    ms = scale · Σ kernels that the table knows + per_unknown · elements moved by the others
         + per_kernel · number of kernels + per_graph

The coefficients stand in `data/estimator/overheads.csv.gz`, made by `latency_db.fitting.kernel_overheads`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from latency_db.shipped_tables import DATA, rows_of

TABLE = DATA / "estimator" / "overheads.csv.gz"


@dataclass(frozen=True)
class Overhead:
    """Of one phone's GPU under one runtime."""

    runtime: str
    device: str
    scale: float
    """Of kernels that were timed one by one: a run of all of them takes other clocks than a run of each"""
    per_unknown: float
    """ms for a million elements that are read or written by kernels of classes that the table lacks"""
    per_kernel: float
    """ms"""
    per_graph: float
    """ms"""
    quantile: float
    """Of |ln(measured / estimated)| in units of a graph's difficulty, each family of models held out"""
    models: int
    """That it was fitted to"""
    unfitted: float
    """What `quantile` would be, were kernels added up and nothing else"""
    error: float
    """Median of |estimated / measured - 1|, each family held out"""
    roofline_error: float
    """The same of the cell's roofline, on the same models"""

    @property
    def beats_roofline(self) -> bool:
        """Whether kernels are to be summed there: on Metal under PyTorch, where one convolution takes anything from 7
        to 935 µs, features of the whole graph err by less."""
        return self.error <= self.roofline_error


@cache
def overheads() -> dict[tuple[str, str], Overhead]:
    """(runtime, device) -> its overhead, from the shipped table."""
    return {(row.runtime, row.device): row for row in rows_of(TABLE.read_bytes(), Overhead)}
