"""A device that a few things were measured on: from the most alike device by way of these anchors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from latency_db.coverage import NORMAL
from latency_db.end_to_end.anchors import NoLikeness, mixture
from latency_db.end_to_end.cells import Cell, EndToEnd, shipped
from latency_db.end_to_end.features import of_kernel
from latency_db.estimator.alike import STAND_INS
from latency_db.estimator.estimate import Estimate
from latency_db.estimator.kernel_sums import Times, measured_times, shipped_table, summed, unfitted, with_measured
from latency_db.estimator.question import HOST, Question
from latency_db.estimator.rooflines import Priced, cell_name, cell_precision, nearest_version, priced, seen_share
from latency_db.estimator.shares import divided
from latency_db.measurement import Measurement
from latency_db.operators.table import KernelTable, tabled_devices
from latency_db.operators.transfer import FEWEST_ANCHORS, TooFewAnchors, TransferredEstimator, transfer
from latency_db.ranking import standing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FEWEST_MODELS = 3
"""Whole models by which a mixture of cells is told"""

_TASKS = ("", "classify")
"""Of the models of the end-to-end tables"""


def from_anchor_kernels(question: Question, devices: Sequence[str] | None = None) -> Estimate | None:
    """From kernels that were measured on the device, fewer than make a table; None with fewer than five.

    `devices` with shipped tables are those to compare with, by default all others.
    """
    own = measured_times(question)
    if len(own) < FEWEST_ANCHORS or question.device == HOST:
        return None
    if question.unit != "gpu":
        return _from_cells(question, own)
    tabled = tabled_devices(question.runtime) if devices is None else devices
    others = tuple(device for device in tabled if device != question.device)
    try:
        estimator = _transferred(question.runtime, others, own) if others else None
    except TooFewAnchors:
        return None
    if estimator is None:
        return None
    found = with_measured(question, estimator.estimate([kernel for _, kernel in question.kernels]))
    # What sources lack costs what is usual for as much data among what was measured.
    rate = 1e3 * KernelTable.of(question.runtime, question.device, dict(own)).usual_rate
    whole = summed(question, found, unfitted(question), rate)
    if whole is None:
        return None
    alike = ", ".join(bridge.source.table.device for bridge in estimator.bridges)
    reason = f"{len(own)} kernels measured on it and compared with {alike}; {whole.reason}"
    return replace(whole, method="transfer", reason=reason)


@lru_cache(maxsize=16)
def _transferred(runtime: str, devices: tuple[str, ...], times: Times) -> TransferredEstimator:
    kernels, us = zip(*times, strict=True)
    return transfer(kernels, np.array(us), [shipped_table(runtime, device) for device in devices])


def from_anchor_models(question: Question) -> Estimate | None:
    """From whole models that were measured on the device: cells of other phones, mixed; None with fewer than three."""
    table = shipped()
    cells = [cell for cell in _cells(question) if cell.id.device != question.device]
    anchors = {name: row.latency.ms for name, row in _anchor_models(question, table).items()}
    if len(anchors) < FEWEST_MODELS:
        return None
    try:
        mixed = mixture(anchors, cells)
    except NoLikeness:
        return None
    parts = [(priced(table, cell), weight) for cell, weight in mixed.parts]
    wholes = [(part.estimated(table, question.features), weight) for part, weight in parts]
    ms = sum(weight * float(whole.milliseconds[0]) for whole, weight in wholes)
    # Parts err alike, being rooflines of the same features: their half widths are averaged, not added in squares.
    half = sum(weight * float(whole.high[0] - whole.milliseconds[0]) for whole, weight in wholes) / ms
    total = ms, ms / (1 + half), ms * (1 + half)
    coefficients = np.sum([weight * part.coefficients for part, weight in parts], axis=0)
    names = ", ".join(cell_name(cell) for cell, _ in mixed.parts)
    unseen = np.all([whole.unseen[0] for whole, _ in wholes], axis=0)
    return Estimate(
        *total,
        "transfer",
        f"{len(anchors)} models measured on it, as a sum of {names}",
        seen_share(question.features[0], coefficients, unseen),
        divided(question.kernels, total, coefficients, "transfer"),
        question.conditions,
    )


def _anchor_models(question: Question, table: EndToEnd) -> dict[str, Measurement]:
    """Model of the tables -> the row to believe of those at the size at which the tables have it, or at none."""
    found: dict[str, Measurement] = {}
    for subject, row in question.rows.items():
        model = table.models.get(subject.name) if subject.kind == "model" and subject.task in _TASKS else None
        if model is None or subject.image_size not in (None, (model.size, model.size)):
            continue
        if subject.name not in found or standing(row) > standing(found[subject.name]):
            found[subject.name] = row
    return found


def _cells(question: Question) -> list[Cell]:
    runtime = STAND_INS.get(question.runtime, question.runtime) if question.unit == "cpu" else question.runtime
    asked = (runtime, question.unit, cell_precision(question))
    return [cell for cell in shipped().cells.values() if (cell.id.runtime, cell.id.unit, cell.id.precision) == asked]


def _from_cells(question: Question, own: Times) -> Estimate | None:
    """No table of a CPU's kernels is shipped: the cell whose roofline is most nearly in proportion to the anchors."""
    table, graphs = shipped(), question.features
    kernels = np.stack([of_kernel(kernel) for kernel, _ in own])
    took = np.array([us for _, us in own]) / 1e3
    by_place: dict[tuple[str, str], list[Cell]] = {}
    for cell in _cells(question):
        by_place.setdefault((cell.id.device, cell.id.cores), []).append(cell)
    compared = []
    for cells in by_place.values():
        nearest = priced(table, nearest_version(table, cells, graphs))
        estimated = kernels @ nearest.coefficients
        usable = estimated > 0
        if usable.sum() >= FEWEST_ANCHORS:
            ratios = np.log(took[usable] / estimated[usable])
            compared.append((float(np.std(ratios, ddof=1)), nearest, ratios, took[usable]))
    if not compared:
        return None
    spread, best, ratios, weights = min(compared, key=lambda one: one[0])
    return _proportional(question, best, ratios, weights, spread)


def _proportional(question: Question, cell: Priced, ratios: Array, weights: Array, spread: float) -> Estimate:
    """A cell times the ratio of the anchors, those that take long counting for more: they make most of a total."""
    table = shipped()
    root = np.sqrt(weights)
    ratio = float(np.exp(ratios @ root / root.sum()))
    whole = cell.estimated(table, question.features)
    counted = float(root.sum() ** 2 / (root @ root))
    half = math.hypot(math.log(float(whole.high[0] / whole.milliseconds[0])), NORMAL * spread / math.sqrt(counted))
    ms = ratio * float(whole.milliseconds[0])
    total = ms, ms * math.exp(-half), ms * math.exp(half)
    times = f"{ratio:.2f} × what {cell_name(cell.cell)} takes"
    reason = f"{len(ratios)} kernels measured on it: {times}, give or take {math.expm1(spread):.0%} each"
    coverage = seen_share(question.features[0], cell.coefficients, whole.unseen[0])
    kernels = divided(question.kernels, total, cell.coefficients, "transfer")
    return Estimate(*total, "transfer", reason, coverage, kernels, question.conditions)
