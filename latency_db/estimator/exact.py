"""What was measured of the very thing that is asked: a row of a store, or a model of the end-to-end tables."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

import numpy as np

from latency_db.coverage import NORMAL, P90, runs_half_width
from latency_db.end_to_end.cells import shipped
from latency_db.estimator.estimate import Estimate, KernelEstimate, Method
from latency_db.estimator.question import Question
from latency_db.estimator.rooflines import answers, cell_name, nearest_coefficients, priced
from latency_db.estimator.shares import divided
from latency_db.estimator.workload import WHOLE
from latency_db.measurement import Measurement, Subject
from latency_db.published.estimate import disagreement
from latency_db.ranking import standing

SPREAD = 0.05
"""Standard deviation over mean of single runs where a row states neither spread nor p90: 90 % of the shipped end-to-end
rows have less (`std_ms` of `data/end_to_end/measurements.csv.gz`; their median is 0.8 %)"""

_SAME_GRAPH = 1e-6
"""Relative difference of features below which two graphs are one"""


def from_measurements(question: Question) -> Estimate | None:
    """Rows of the whole model, or of each of its graphs, under these conditions: whichever are believed.

    Published rows are among them, for whoever imported one meant this very model under these very conditions.
    """
    found = list(_measured(question))
    if not found:
        return None
    return _of_rows(question, max(found, key=lambda rows: min(standing(row)[:2] for row in rows.values())))


def from_shipped_models(question: Question) -> Estimate | None:
    """The end-to-end row of this very graph: of whatever name, with the same features."""
    table = shipped()
    for cell in table.cells.values():
        if not answers(cell, question):
            continue
        features = table.features_of(cell)
        same = np.all(np.abs(features - question.features) <= _SAME_GRAPH * (1 + np.abs(features)), axis=1)
        for place in np.flatnonzero(same):
            found = table.measured(cell, cell.models[place])
            if found is None:
                continue
            total = float(found.milliseconds[0]), float(found.low[0]), float(found.high[0])
            reason = f"the end-to-end table's row of {cell.models[place]} on {cell_name(cell)}"
            kernels = divided(question.kernels, total, priced(table, cell).coefficients)
            return Estimate(*total, "measured", reason, 1.0, kernels, question.conditions)
    return None


def interval(row: Measurement) -> tuple[float, float, float]:
    """ms of a row, and between which nine runs in ten are."""
    latency = row.latency
    if latency.std is not None:
        half = float(runs_half_width(latency.ms, latency.std))
    elif latency.p90 is not None:
        half = NORMAL / P90 * max(math.log(latency.p90 / latency.ms), 0.0)
    else:
        half = NORMAL * SPREAD
    return latency.ms, latency.ms * math.exp(-half), latency.ms * math.exp(half)


def _measured(question: Question) -> Iterator[Mapping[str, Measurement]]:
    """Graph, or `WHOLE` -> its row, for each way in which all that is asked was measured."""
    for way in question.workload.timed_as():
        found = {part: question.own_rows[subject] for part, subject in way.items() if subject in question.own_rows}
        if len(found) == len(way):
            yield found


def _of_rows(question: Question, rows: Mapping[str, Measurement]) -> Estimate:
    parts = {graph: _with_others(interval(row), row, question.runtime) for graph, row in rows.items()}
    published = any(row.source.kind == "published" for row in rows.values())
    ms = sum(part[0] for part in parts.values())
    below, above = [part[0] - part[1] for part in parts.values()], [part[2] - part[0] for part in parts.values()]
    # Runs of one graph and of another have nothing to do with each other; what sources differ by is alike in all.
    shorter, longer = (sum(below), sum(above)) if published else (math.hypot(*below), math.hypot(*above))
    coefficients = nearest_coefficients(question)
    kernels: list[KernelEstimate] = []
    for graph, part in parts.items():
        own = {key: count for key, count in question.kernels.items() if graph in (WHOLE, key[0])}
        kernels += divided(own, part, coefficients)
    method: Method = "published" if published else "measured"
    sources = sorted({f"{row.source.reference}{_day(row)}" for row in rows.values()})
    doubts = sorted({str(row.quality) for row in rows.values() if row.quality in ("busy", "drifting")})
    reason = ", ".join(sources) + (f"; {' and '.join(doubts)} while it ran" if doubts else "")
    if question.workload.usual_size and any(_sizeless(row.subject) for row in rows.values()):
        reason += f"; of no stated size, and taken for the usual one, {question.workload.usual_size}"
    return Estimate(ms, ms - shorter, ms + longer, method, reason, 1.0, tuple(kernels), question.conditions)


def _with_others(part: tuple[float, float, float], row: Measurement, runtime: str) -> tuple[float, float, float]:
    """A published figure with what another source would say, however little runs of this one differ."""
    if row.source.kind != "published":
        return part
    ms, low, high = part
    apart = math.exp(disagreement(runtime))
    return ms, min(low, ms / apart), max(high, ms * apart)


def _sizeless(subject: Subject) -> bool:
    return subject.image_size is None and not re.search(r"_\d+x\d+$", subject.name)


def _day(row: Measurement) -> str:
    return f" on {row.measured_at:%Y-%m-%d}" if row.measured_at else ""
