"""What comes of a slimming run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exporter.bundle import Bundle
from exporter.slim.architecture import Architecture
from exporter.slim.prices.table import Table
from exporter.slim.search.limits import Limit
from exporter.slim.search.loop import Path as SearchPath

PAGE = "slimming.html"
"""The report, beside the checkpoint"""


@dataclass(frozen=True)
class Candidate:
    """An architecture that was tuned."""

    name: str
    """"parent", "searched", "uniform" or "random" """
    architecture: Architecture
    accuracy: float
    """On what was kept apart"""
    parameters: int
    predicted_ms: tuple[float, ...]
    """On each device"""
    measured_ms: float | None
    """On host, if that is one of them"""


@dataclass(frozen=True)
class Slimmed:
    """What came of a run."""

    checkpoint: Path
    bundles: tuple[Bundle, ...]
    model: str
    """The parent's name"""
    budgets: tuple[str, ...]
    """As they were asked for"""
    trained_on: str
    epochs: int
    seed: int
    measure: str
    """What accuracies are: "accuracy", or "J&F" """
    parent: Candidate
    searched: Candidate
    baselines: tuple[Candidate, ...]
    path: SearchPath
    shown: tuple[float, ...]
    """How good the start and the network of each step are with the supernet's weights, for people"""
    limits: tuple[Limit, ...]
    tables: tuple[Table, ...]
    skipped: tuple[str, ...]
    """Files that were no pictures"""

    @property
    def tightest(self) -> Limit | None:
        """Of the limits of time, the one that what was found takes most of"""
        times = [limit for limit in self.limits if limit.device is not None]
        return max(times, key=lambda limit: limit.of(self.searched.architecture) / limit.most, default=None)

    @property
    def here(self) -> int | None:
        """Place, among the tables, of the device that networks were timed on"""
        return next((place for place, table in enumerate(self.tables) if table.host is not None), None)

    def text(self, accuracy: float) -> str:
        """An accuracy as it is written"""
        return f"{accuracy:.1%}" if self.measure == "accuracy" else f"{accuracy:.3f}"

    @property
    def page(self) -> Path:
        """The report for people"""
        return self.checkpoint.with_name(PAGE)
