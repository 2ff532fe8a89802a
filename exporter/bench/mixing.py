"""Finds which operators of a graph are best given fewer bits: the fastest choice whose noise stays below a bound.

What each kind of operator costs and loses is measured, on real files: the format's int8 scheme as it is, and with that
kind added or taken away. From these the allocator proposes choices, and they are measured too, since parts add up only
roughly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from exporter.backends import backend
from exporter.backends.interface import LowerOptions
from exporter.backends.runner import Arrays, run_all
from exporter.bench.timing.timekeeper import Timed, Times, time_artifacts
from exporter.contents import size_of
from exporter.errors import BackendError
from exporter.manifest import CurvePoint, Variant
from exporter.quantise.allocate import Choice, Option, frontier
from exporter.quantise.scheme import Scheme

if TYPE_CHECKING:
    from exporter.graphs.capture import Graph

SECONDS = 1.0
"""That each file is timed for"""
JUDGED = 4
"""Calibration inputs that noise is measured on, beside the rest: the others only say ranges"""
_FEWER, _FULL = "fewer bits", "full precision"
_ALWAYS = Option(_FEWER, 0.0, 0.0)
"""Of the only group that there is"""


@dataclass(frozen=True)
class Mixed:
    """What was found."""

    scheme: Scheme
    curve: tuple[CurvePoint, ...]
    """All that was measured, the fastest first"""


def mixed(
    graph: Graph,
    variant: Variant,
    options: LowerOptions,
    least_sqnr: float,
    folder: Path,
    report: Callable[[str, float], None],
) -> Mixed:
    """The fastest scheme of a graph of which the SQNR is at least so many dB, or the best where none is.

    `options.full` is the file in full precision, which what is made in `folder` is compared with.
    """
    search = _Search(graph, variant, options, folder, report)
    groups = search.groups
    usual = [group for group in groups if set(group) <= set(search.usual.kinds)]
    base = search.measured(usual)
    changed = {group: [one for one in groups if (one in usual) != (one == group)] for group in groups}
    parts = {
        " ".join(group): _options(base, search.measured(others), group in usual)
        for group, others in changed.items()
        if others
    }
    for choice in frontier(parts):
        if chosen := _chosen(choice, groups):
            search.measured(chosen)
    curve = sorted(search.points.values(), key=lambda point: point.time)
    good = [point for point in curve if point.sqnr >= least_sqnr]
    best = good[0] if good else max(curve, key=lambda point: point.sqnr)
    return Mixed(replace(search.scheme, kinds=best.kinds), tuple(curve))


Group = tuple[str, ...]


def _options(base: CurvePoint, changed: CurvePoint, usual: bool) -> list[Option]:
    """What may become of a group, which has fewer bits in one of the two: usually, or where that is changed."""
    fewer, full = (base, changed) if usual else (changed, base)
    lost = max(0.0, _noise(fewer) - _noise(full))
    return [Option(_FEWER, fewer.time, lost), Option(_FULL, full.time, 0.0)]


def _noise(point: CurvePoint) -> float:
    """As a share of the signal"""
    return float(10 ** (-point.sqnr / 10))


def _chosen(choice: Choice, groups: Sequence[Group]) -> list[Group]:
    return [group for group in groups if choice.options.get(" ".join(group), _ALWAYS).name == _FEWER]


class _Search:
    """Files that were made, and what they came to; none is made twice."""

    def __init__(
        self, graph: Graph, variant: Variant, options: LowerOptions, folder: Path, report: Callable[[str, float], None]
    ) -> None:
        format = backend(variant.format)
        scheme = format.scheme(options)
        assert scheme is not None, "mixed precision has a scheme to take operators from"
        assert options.full is not None, "what is mixed begins with a file in full precision"
        assert format.kinds is not None, "a format with groups tells the kinds of a file's operators"
        self.scheme, self.full, self.usual = scheme, options.full, format.schemes["int8"]
        self._graph, self._format, self._options, self._folder, self._report = graph, format, options, folder, report
        there = set(format.kinds(options.full))
        self.groups = [group for group in format.groups if there & set(group)]
        chosen = np.linspace(0, len(options.calibration) - 1, JUDGED).round().astype(int)
        self._inputs = {
            name: np.stack([options.calibration[one][name] for one in chosen]) for name in options.calibration[0]
        }
        self._expected = self._run(options.full)
        self.points: dict[Group, CurvePoint] = {}

    def measured(self, groups: Sequence[Group]) -> CurvePoint:
        """A file in which these groups of operators have fewer bits."""
        kinds = tuple(kind for group in groups for kind in group)
        if kinds not in self.points:
            self._report(f"{len(self.points) + 1} files", min(0.9, len(self.points) / (2 * len(self.groups))))
            path = self._folder / f"{len(self.points)}.{self._format.extension}"
            options = replace(self._options, scheme=replace(self.scheme, kinds=kinds))
            self._format.lower(self._graph, path, options)
            shapes = {spec.name: spec.shape for spec in self._graph.inputs}
            pair = [Timed(file, shapes) for file in (path, self.full)]
            few, full = (_ms(times) for times in time_artifacts(self._format.name, pair, SECONDS, threads=1))
            self.points[kinds] = CurvePoint(
                graph=self._graph.name,
                kinds=kinds,
                time=few / full,
                sqnr=_sqnr(self._expected, self._run(path)),
                bytes=size_of(path),
            )
            path.unlink()
        return self.points[kinds]

    def _run(self, path: Path) -> Arrays:
        return run_all(self._format.load(path, 1), self._inputs)


def _ms(times: Times) -> float:
    """Median; raises `BackendError` where a file does not run."""
    if times.samples is None:
        raise BackendError(f"What is tried on the way to mixed precision does not run ({times.error}): take int8.")
    return float(np.median(times.samples.ms))


def _sqnr(expected: Arrays, actual: Arrays) -> float:
    """Of the output that has least, dB."""
    ratios = [
        10 * np.log10(np.square(values, dtype=np.float64).sum() / np.square(values - actual[name]).sum())
        for name, values in expected.items()
        if values.size > len(values)  # a score by itself says little
    ]
    return float(min(ratios))
