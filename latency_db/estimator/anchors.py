"""A device that a few things were measured on: from the most alike device by way of these anchors."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from latency_db.coverage import NORMAL
from latency_db.end_to_end.anchors import NoLikeness, mixture
from latency_db.end_to_end.cells import Cell, shipped
from latency_db.end_to_end.features import of_kernel
from latency_db.estimator.alike import STAND_INS
from latency_db.estimator.estimate import Estimate
from latency_db.estimator.exact import best_rows
from latency_db.estimator.kernel_sums import measured_kernels, shipped_table, summed, unfitted
from latency_db.estimator.question import HOST, Question
from latency_db.estimator.rooflines import Priced, cell_name, cell_precision, nearest_version, priced, seen_share
from latency_db.estimator.shares import divided
from latency_db.kernel import Kernel
from latency_db.operators.table import tabled_devices
from latency_db.operators.transfer import FEWEST_ANCHORS, TooFewAnchors, transfer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FEWEST_MODELS = 3
"""Whole models by which a mixture of cells is told"""


def from_anchor_kernels(question: Question) -> Estimate | None:
    """From kernels that were measured on the device, fewer than make a table; None with fewer than five."""
    own = measured_kernels(question)
    if len(own) < FEWEST_ANCHORS or question.device == HOST:
        return None
    if question.unit != "gpu":
        return _from_cells(question, own)
    devices = [device for device in tabled_devices(question.runtime) if device != question.device]
    if not devices:
        return None
    sources = [shipped_table(question.runtime, device) for device in devices]
    try:
        found = transfer(list(own), np.array(list(own.values())), sources)
    except TooFewAnchors:
        return None
    alike = ", ".join(bridge.source.table.device for bridge in found.bridges)
    whole = summed(question, found.estimate([kernel for _, kernel in question.kernels]), unfitted(question), rate=0.0)
    if whole is None:
        return None
    reason = f"{len(own)} kernels measured on it and compared with {alike}; {whole.reason}"
    return replace(whole, method="transfer", reason=reason)


def from_anchor_models(question: Question) -> Estimate | None:
    """From whole models that were measured on the device: cells of other phones, mixed; None with fewer than three."""
    measured = {
        subject.name: row.latency.ms
        for subject, row in best_rows(question.measured, question.conditions).items()
        if subject.kind == "model"
    }
    table = shipped()
    cells = [cell for cell in _cells(question) if cell.id.device != question.device]
    anchors = {model: ms for model, ms in measured.items() if model in table.models}
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
        divided(question, total, coefficients, "transfer"),
        question.conditions,
    )


def _cells(question: Question) -> list[Cell]:
    runtime = STAND_INS.get(question.runtime, question.runtime) if question.unit == "cpu" else question.runtime
    asked = (runtime, question.unit, cell_precision(question))
    return [cell for cell in shipped().cells.values() if (cell.id.runtime, cell.id.unit, cell.id.precision) == asked]


def _from_cells(question: Question, own: dict[Kernel, float]) -> Estimate | None:
    """No table of a CPU's kernels is shipped: the cell whose roofline is most nearly in proportion to the anchors."""
    table, graphs = shipped(), question.features
    kernels = np.stack([of_kernel(kernel) for kernel in own])
    took = np.array(list(own.values())) / 1e3
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
    kernels = divided(question, total, cell.coefficients, "transfer")
    return Estimate(*total, "transfer", reason, coverage, kernels, question.conditions)
