"""What was measured of the very thing that is asked: a row of a store, or a model of the end-to-end tables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import product

import numpy as np

from latency_db.coverage import NORMAL
from latency_db.end_to_end.cells import shipped
from latency_db.estimator.estimate import Estimate, Method
from latency_db.estimator.question import Question
from latency_db.estimator.rooflines import answers, cell_name, nearest_coefficients, precision_note, priced
from latency_db.estimator.shares import divided
from latency_db.measurement import Conditions, Measurement, Subject
from latency_db.published.estimate import disagreement

RANKS = {"good": 0, None: 1, "drifting": 2, "busy": 3}
"""Quality -> which comes first; suspect rows do not answer."""

SPREAD = 0.05
"""Standard deviation over mean of single runs where a row states neither spread nor p90: 90 % of the shipped end-to-end
rows have less (`std_ms` of `data/end_to_end/measurements.csv.gz`; their median is 0.8 %)"""

_SAME_GRAPH = 1e-6
"""Relative difference of features below which two graphs are one"""
_NEVER = datetime.min.replace(tzinfo=UTC)


def from_measurements(question: Question) -> Estimate | None:
    """Rows of the whole model, or of each of its graphs, under these conditions."""
    rows = best_rows(question.measured, question.conditions)
    facts = question.workload.facts
    if facts is None:
        return None
    sizes = [(facts.size, facts.size)] + ([] if facts.stated_size else [None])
    # Published rows have a model that has a size in its name; who measured the plain one at that size has it too.
    names = dict.fromkeys((facts.model, facts.model.removesuffix(f"_{facts.size}x{facts.size}")))
    graphs = list(question.workload.graphs)
    for name, size in product(names, sizes):
        by_graph = [rows.get(Subject.of_graph(name, graph, size)) for graph in graphs]
        tasks = [graphs[0], ""] if len(graphs) == 1 else [""]
        whole = [rows.get(Subject.of_model(name, task, size)) for task in tasks]
        for found in ([row] for row in whole if row):
            return _of_rows(question, found)
        if all(by_graph):
            return _of_rows(question, [row for row in by_graph if row])
    return None


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
            kernels = divided(question, total, priced(table, cell).coefficients)
            reason += precision_note(question)
            return Estimate(*total, "measured", reason, 1.0, kernels, question.conditions)
    return None


def best_rows(rows: Iterable[Measurement], asked: Conditions) -> dict[Subject, Measurement]:
    """Subject -> the row to answer with: what was measured or reported before what others published, good before
    drifting or busy, then the latest; none that is suspect."""
    found: dict[Subject, Measurement] = {}
    for row in rows:
        if row.quality not in RANKS or not agrees(row.conditions, asked):
            continue
        other = found.get(row.subject)
        if other is None or _order(row) >= _order(other):
            found[row.subject] = row
    return found


def agrees(had: Conditions, asked: Conditions) -> bool:
    """Whether a row was measured under what is asked; what is not asked may be anything, and a row that does not state
    its threads or cores was run as its runtime does by default."""
    return (
        (had.runtime, had.unit, had.precision) == (asked.runtime, asked.unit, asked.precision)
        and asked.runtime_version in ("", had.runtime_version)
        and asked.os in ("", had.os)
        and asked.delegate in ("", had.delegate)
        and asked.threads in (None, had.threads)
        and (not had.cores or asked.cores in ("", had.cores))
    )


def interval(row: Measurement) -> tuple[float, float, float]:
    """ms of a row, and between which nine runs in ten are."""
    latency = row.latency
    if latency.std is not None:
        half = NORMAL * latency.std
    elif latency.p90 is not None:
        half = latency.p90 - latency.ms
    else:
        half = NORMAL * SPREAD * latency.ms
    half = max(half, 0.0)
    return latency.ms, max(latency.ms - half, 0.0), latency.ms + half


def _order(row: Measurement) -> tuple[bool, int, datetime]:
    return row.source.kind != "published", -RANKS[row.quality], row.measured_at or _NEVER


def _of_rows(question: Question, rows: list[Measurement]) -> Estimate:
    published = [row for row in rows if row.source.kind == "published"]
    parts = [interval(row) for row in rows]
    ms = sum(part[0] for part in parts)
    # Runs of one graph and of another have nothing to do with each other.
    below = math.sqrt(sum((part[0] - part[1]) ** 2 for part in parts))
    above = math.sqrt(sum((part[2] - part[0]) ** 2 for part in parts))
    if published:  # another source would say something else, however little runs of this one differ
        apart = disagreement(question.runtime)
        below, above = max(below, ms - ms * math.exp(-apart)), max(above, ms * math.exp(apart) - ms)
    total = ms, ms - below, ms + above
    method: Method = "published" if published else "measured"
    sources = sorted({f"{row.source.reference}{_day(row)}" for row in rows})
    doubts = sorted({str(row.quality) for row in rows if row.quality in ("busy", "drifting")})
    reason = f"{method}: {', '.join(sources)}" + (f"; {' and '.join(doubts)} while it ran" if doubts else "")
    kernels = divided(question, total, nearest_coefficients(question))
    return Estimate(*total, method, reason, 1.0, kernels, question.conditions)


def _day(row: Measurement) -> str:
    return f" on {row.measured_at:%Y-%m-%d}" if row.measured_at else ""
