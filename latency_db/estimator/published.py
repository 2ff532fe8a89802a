"""What others published: of this model on this device, of other models on it, of this model on a sister of it."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache
from itertools import product

import device_profiles
from latency_db.estimator.estimate import Estimate, Method
from latency_db.estimator.question import DEFAULT_PRECISIONS, DEFAULT_UNITS, HOST, Question
from latency_db.estimator.shares import divided
from latency_db.published.coreml_models import Kind, ModelFacts
from latency_db.published.coreml_regression import UNIT_LEFT_TO_CORE_ML, line_of
from latency_db.published.estimate import PublishedEstimate, SeveralFigures, estimate_from_rows, regress_core_ml
from latency_db.published.rows import PublishedRow, find, published_rows
from latency_db.published.transfer_ratios import transfer_ratio, transfer_ratios

PRECISIONS = {"int8": ("int8", "w8a8"), "fp32": ("fp32", "float"), "fp16": ("fp16", "float")}
"""Precision asked for -> words for it in published rows; "float" is what Qualcomm calls whatever is not quantised."""


def from_published_rows(question: Question) -> Estimate | None:
    """Of this very model on this device."""
    facts = question.workload.facts
    own = None if facts is None else _own_rows(question, facts, question.device)
    return _answer(question, own) if own else None


def from_regression(question: Question) -> Estimate | None:
    """From other models that were timed on the iPhone, or on its sisters, under Core ML as it runs them by default: in
    fp16, on whatever it chooses."""
    if question.runtime != "coreml" or question.unit not in ("all", "npu") or question.precision != "fp16":
        return None
    if line_of(question.device) is None:
        return None
    facts = question.workload.facts or facts_of_kernels(question)
    # Had its own rows been of one thing, they would have answered.
    several = any(row.usable and row.size and row.unit in UNIT_LEFT_TO_CORE_ML for row in rows_of_model(question))
    found = _regressed(facts, question.device, with_own=not several)
    doubt = "; its own published rows are of several things" if several else ""
    return _answer(question, replace(found, reason=found.reason + doubt))


@lru_cache(maxsize=1024)
def _regressed(facts: ModelFacts, device: str, *, with_own: bool) -> PublishedEstimate:
    """From all rows, or from those of others alone."""
    if with_own:
        return regress_core_ml(facts, device)
    others = [row for row in published_rows() if (row.model, row.device) != (facts.model, device)]
    return regress_core_ml(facts, device, rows=others)


def from_sister_device(question: Question) -> Estimate | None:
    """From this model's rows on a phone with the same chip; else on another Galaxy, by how much other models differ
    between the two."""
    facts = question.workload.facts
    if facts is None or question.device == HOST:
        return None
    for source in same_chip(question.device):
        if own := _own_rows(question, facts, source):
            answer = _answer(question, own)
            reason = f"{own.reason} on {source}, which has the same chip"
            return replace(answer, method="transfer", reason=reason, coverage=0.0)
    moved = [found for source in _leading_to(question.device) if (found := _moved(question, facts, source))]
    return min(moved, key=lambda one: one.high / one.low, default=None)


def same_chip(device: str) -> list[str]:
    """Ids of the devices whose profile names the same system on a chip."""
    soc = device_profiles.load(device).soc
    return [other.id for other in device_profiles.all_devices() if soc and other.soc == soc and other.id != device]


def _leading_to(device: str) -> list[str]:
    """Phones from which a ratio leads to this one."""
    return sorted({source for source, target, _, _ in transfer_ratios() if target == device and source != target})


def _moved(question: Question, facts: ModelFacts, source: str) -> Estimate | None:
    """From the model's rows on one other phone."""
    found = _own_rows(question, facts, source)
    if found is None:
        return None
    row = next(row for row in found.rows if row.usable)
    ratio = transfer_ratio(source, question.device, row.backend, row.precision)
    ms, low, high = ratio.moved(found.ms)
    half = math.hypot(math.log(high / low) / 2, math.log(found.high / found.low) / 2)
    reason = f"{found.reason} on {source}, times {ratio.ratio:.2f}, by which {ratio.models} models differ"
    total = ms, ms * math.exp(-half), ms * math.exp(half)
    return Estimate(*total, "transfer", reason, 0.0, divided(question.kernels, total), question.conditions, found.rows)


def facts_of_kernels(question: Question) -> ModelFacts:
    """Of a workload that is no known model's: what its kernels say, under a name that no row has."""
    kernels = list(question.kernels.items())
    gmacs = sum(count * kernel.macs for (_, kernel), count in kernels) / 1e9
    weights = sum(count * kernel.weights for (_, kernel), count in kernels) / 1e6
    pictures = [shape for (_, kernel), _ in kernels for shape in kernel.inputs if len(shape) == 4]
    side = max((shape[-1] for shape in pictures), default=1)
    kinds = {kernel.kind for (_, kernel), _ in kernels}
    attends = bool(kinds & {"attention", "softmax"})
    kind: Kind = ("hybrid" if "depthwise_conv" in kinds else "vit") if attends else "cnn"
    return ModelFacts("", side, side, max(gmacs, 1e-3), max(weights, 1e-3), kind, "unknown", "counted from its kernels")


def rows_of_model(question: Question) -> tuple[PublishedRow, ...]:
    """Every published row of the model on the device under the runtime, whatever is doubtful about it."""
    facts = question.workload.facts
    if facts is None:
        return ()
    return tuple(
        row
        for row in find(facts.model, device=question.device, runtime=question.runtime)
        if row.size in (facts.stated_size, facts.size, None)
    )


def _own_rows(question: Question, facts: ModelFacts, device: str) -> PublishedEstimate | None:
    """Rows of the model on a device under the runtime and unit that are asked for, of the first precision and size, in
    the order of their likeness, that there is one thing of. What a row does not state is as the runtime has it where it
    is told nothing."""
    if not question.on_default_cores:
        return None
    unstated = [""] if question.precision == DEFAULT_PRECISIONS.get(question.runtime, "fp32") else []
    precisions = [*PRECISIONS.get(question.precision, (question.precision,)), *unstated]
    for precision, size in product(precisions, dict.fromkeys((facts.stated_size, facts.size))):
        try:
            found = estimate_from_rows(
                facts.model, device, question.runtime, size=size, precision=precision, units=_units(question)
            )
        except SeveralFigures:
            continue
        if found:
            return found
    return None


def _units(question: Question) -> Collection[str]:
    """Words for the unit that is asked for in published rows."""
    if question.runtime == "coreml" and question.unit in ("all", "npu"):
        return UNIT_LEFT_TO_CORE_ML
    default = DEFAULT_UNITS.get(question.runtime, "cpu")
    return ("", question.unit) if question.unit == default else (question.unit,)


def _answer(question: Question, found: PublishedEstimate) -> Estimate:
    total = found.ms, found.low, found.high
    method: Method = found.method
    covered = 1.0 if method == "published" else 0.0
    kernels = divided(question.kernels, total)
    held = method == "published" and all(row.unit == question.unit for row in found.rows if row.usable)
    free = question.runtime == "coreml" and question.unit == "npu" and not held
    reason = found.reason + "; the rows leave the unit to Core ML, which may not take the npu" * free
    return Estimate(*total, method, reason, covered, kernels, question.conditions, found.rows)
