"""slimming.html: what a run did, in one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from exporter.report.environment import counted, environment, percent
from exporter.slim.architecture import Architecture, Outline, Space
from exporter.slim.prices.table import Table
from exporter.slim.result import Candidate, Slimmed
from exporter.verify.figures import ms_text

LEFT, RIGHT, TOP, BOTTOM = 8.0, 96.0, 16.0, 292.0
"""Edges of the plot: per cent of its width, and pixels"""
UNTOLD = 0.01
"""Share of the parent's time from which on it is told that no piece accounts for it"""


@dataclass(frozen=True)
class Point:
    """A network in the plot of accuracy against latency."""

    x: float
    """Per cent"""
    y: float
    """Pixels"""
    told: str
    """When it is pointed at"""


@dataclass(frozen=True)
class Scale:
    """Values, evenly spaced on an axis."""

    low: float
    high: float
    first: float
    last: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.first + share * (self.last - self.first), 2)

    def ticks(self, count: int = 5) -> list[tuple[float, float]]:
        """(place, value)"""
        values = [self.low + part * (self.high - self.low) / (count - 1) for part in range(count)]
        return [(self(value), value) for value in values]


def write_page(found: Slimmed) -> None:
    """Write the page of a run."""
    table, good = found.tables[0], found.text
    space = table.space
    networks = (found.parent, found.searched, *found.baselines)
    steps = [found.path.start, *(step.architecture for step in found.path.steps)]
    across = Scale(0, 1.05 * max(map(table.ms, (space.parent, *steps))), LEFT, RIGHT)
    every = [*found.shown, *(one.accuracy for one in networks)]
    margin = 0.1 * (max(every) - min(every)) or 0.01
    up = Scale(min(every) - margin, max(every) + margin, BOTTOM, TOP)
    filters: dict[str, Callable[..., Any]] = {"counted": counted, "ms": ms_text, "percent": percent, "good": good}
    page = (
        environment(filters)
        .get_template("slimming.html.jinja")
        .render(
            found=found,
            table=table,
            networks=networks,
            across=across,
            up=up,
            path=[
                Point(across(table.ms(one)), up(accuracy), f"{ms_text(table.ms(one))} ms, {good(accuracy)}")
                for one, accuracy in zip(steps, found.shown, strict=True)
            ],
            tuned=[(one, Point(across(one.predicted_ms[0]), up(one.accuracy), _told(one, good))) for one in networks],
            budget=next((limit.most for limit in found.limits if limit.device == table.device), None),
            stages=_stages(space, found.searched.architecture),
            kinds=_kinds(table, found.searched.architecture),
            bottom=BOTTOM,
        )
    )
    found.page.write_text(page, encoding="utf-8")


def _told(one: Candidate, good: Callable[[float], str]) -> str:
    return f"{one.name}: {ms_text(one.predicted_ms[0])} ms, {good(one.accuracy)}"


@dataclass(frozen=True)
class DrawnStage:
    """A stage before and after."""

    before: Outline
    after: Outline
    share: float
    """Of the widest stage's channels that it had, per cent"""

    @property
    def kept(self) -> float:
        """Of its own that it has left, per cent"""
        return 100 * self.after.width / self.before.width


def _stages(space: Space, architecture: Architecture) -> list[DrawnStage]:
    before, after = space.outlines(space.parent), space.outlines(architecture)
    widest = max(stage.width for stage in before)
    return [DrawnStage(one, left, 100 * one.width / widest) for one, left in zip(before, after, strict=True)]


def _kinds(table: Table, architecture: Architecture) -> Sequence[tuple[str, float, float]]:
    """(kind of piece, ms before, ms after), the dearest first; what no piece accounts for, if it is much, is last."""
    before, after = table.shares(table.space.parent), table.shares(architecture)
    found = [(kind, before.get(kind, 0.0), after.get(kind, 0.0)) for kind in {**before, **after}]
    much = abs(table.offset) > UNTOLD * table.ms(table.space.parent)
    return [*found, *([("beside all pieces", table.offset, table.offset)] if much else [])]
