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
from exporter.bench.timing.timekeeper import Timed, time_artifacts
from exporter.contents import size_of
from exporter.errors import BackendError
from exporter.manifest import CurvePoint, Variant
from exporter.operations.relative_error import sqnr
from exporter.quantise.allocate import Choice, Option, allocate, frontier
from exporter.quantise.case import judged_inputs
from exporter.quantise.scheme import Scheme

if TYPE_CHECKING:
    from exporter.graphs.capture import Graph

SECONDS = 1.0
"""That each file is timed for"""
JUDGED = 16
"""Calibration inputs that noise is measured on; of four, mobilevit_xxs in TFLite had 25 dB, and of all 23"""
_FEWER, _FULL = "fewer bits", "full precision"


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
    reference: Path,
    folder: Path,
    report: Callable[[str, float], None],
) -> Mixed:
    """The fastest scheme of a graph of which the SQNR is at least so many dB, or the best where none is.

    `reference` is the file in full precision, which what is made in `folder` is compared with. Raises `BackendError`
    where fewer bits change nothing, and where no file or not the reference runs.
    """
    files = _Files(graph, variant, options, reference, folder, report)
    usual = [group for group in files.groups if set(group) <= set(files.usual.kinds)]
    base = files.measured(usual)
    changed = {group: [one for one in files.groups if (one in usual) != (one == group)] for group in files.groups}
    tried = {group: files.measured(others) for group, others in changed.items()}
    parts = {
        " ".join(group): _options(base, point, group in usual)
        for group, point in tried.items()
        if base is not None and point is not None
    }
    within = allocate(parts, 10 ** (-least_sqnr / 10))
    for choice in (*frontier(parts), within):
        files.measured([group for group in files.groups if _has_fewer(choice, group, group in usual)])
    curve = sorted(files.points, key=lambda point: point.time)
    if not curve:
        reason = f" ({files.fault})" if files.fault else ""
        raise BackendError(f"No operators of {graph.name} get fewer bits in {variant.format}{reason}: leave mixed out.")
    good = [point for point in curve if _noise(point) <= 10 ** (-least_sqnr / 10)]
    best = good[0] if good else min(curve, key=_noise)
    return Mixed(replace(files.scheme, kinds=best.kinds), tuple(curve))


Group = tuple[str, ...]


def _options(base: CurvePoint, changed: CurvePoint, usual: bool) -> list[Option]:
    """What may become of a group, which has fewer bits in one of the two: usually, or where that is changed."""
    fewer, full = (base, changed) if usual else (changed, base)
    lost = max(0.0, _noise(fewer) - _noise(full))
    return [Option(_FEWER, fewer.time, lost), Option(_FULL, full.time, 0.0)]


def _noise(point: CurvePoint) -> float:
    """As a share of the signal"""
    return 0.0 if point.sqnr is None else float(10 ** (-point.sqnr / 10))


def _has_fewer(choice: Choice, group: Group, usual: bool) -> bool:
    """Whether a group has fewer bits; one of which nothing could be measured is as usual."""
    option = choice.options.get(" ".join(group))
    return usual if option is None else option.name == _FEWER


class _Files:
    """Files with fewer bits, and what they came to; none is made twice."""

    def __init__(
        self,
        graph: Graph,
        variant: Variant,
        options: LowerOptions,
        reference: Path,
        folder: Path,
        report: Callable[[str, float], None],
    ) -> None:
        self._graph, self._format, self._folder, self._report = graph, backend(variant.format), folder, report
        self._options = options
        scheme = self._format.scheme(options)
        assert scheme is not None, "mixed precision has a scheme to take operators from"
        self.scheme, self.usual = scheme, self._format.schemes["int8"]
        if options.full is None:
            full = folder / f"full.{self._format.extension}"
            whole = LowerOptions(self._format.full_precision, options.min_ios, options.delegate)
            self._format.lower(graph, full, whole)
            self._options = replace(options, full=full)
        assert self._format.kinds is not None, "a format with groups tells the kinds of a graph's operators"
        there = set(self._format.kinds(graph, reference))
        self.groups = [group for group in self._format.groups if there & set(group)]
        chosen = judged_inputs(len(options.calibration), JUDGED)
        self._inputs = {
            name: np.stack([options.calibration[one][name] for one in chosen]) for name in options.calibration[0]
        }
        self._reference, self._expected = reference, self._run(reference)
        self._made: dict[Group, CurvePoint | None] = {}
        self.fault = ""
        """Of the last file that did not run"""

    @property
    def points(self) -> list[CurvePoint]:
        """What was made."""
        return [point for point in self._made.values() if point is not None]

    def measured(self, groups: Sequence[Group]) -> CurvePoint | None:
        """A file in which these groups of operators have fewer bits; None where there is none, or none that runs."""
        kinds = tuple(kind for group in groups for kind in group)
        if kinds and kinds not in self._made:
            self._report(f"{len(self._made) + 1} files", min(0.9, len(self._made) / (2 * len(self.groups))))
            self._made[kinds] = self._point(kinds)
        return self._made.get(kinds)

    def _point(self, kinds: Group) -> CurvePoint | None:
        path = self._folder / f"{len(self._made)}.{self._format.extension}"
        try:
            self._format.lower(self._graph, path, replace(self._options, scheme=replace(self.scheme, kinds=kinds)))
        except BackendError:  # such as what only moves numbers, by itself
            return None
        try:
            return self._judged(path, kinds)
        finally:
            path.unlink()

    def _judged(self, path: Path, kinds: Group) -> CurvePoint | None:
        shapes = {spec.name: spec.shape for spec in self._graph.inputs}
        pair = [Timed(file, shapes) for file in (path, self._reference)]
        few, full = time_artifacts(self._format.name, pair, SECONDS, threads=1)
        if full.samples is None:
            raise BackendError(f"What mixed precision is compared with does not run ({full.error}): leave mixed out.")
        if few.samples is None:  # a toolchain's fault costs a choice, not the export
            self.fault = few.error
            return None
        return CurvePoint(
            graph=self._graph.name,
            kinds=kinds,
            time=float(np.median(few.samples.ms) / np.median(full.samples.ms)),
            sqnr=_sqnr(self._graph, self._expected, self._run(path)),
            bytes=size_of(path),
        )

    def _run(self, path: Path) -> Arrays:
        return run_all(self._format.load(path, 1), self._inputs)


def _sqnr(graph: Graph, expected: Arrays, actual: Arrays) -> float | None:
    """Of the output that has least, dB, but for single scores; None where all are equal."""
    kinds = {spec.name: spec.kind for spec in graph.outputs}
    ratios = [sqnr(actual[name], values) for name, values in expected.items() if kinds[name] != "score"]
    return min((ratio for ratio in ratios if np.isfinite(ratio)), default=None)
