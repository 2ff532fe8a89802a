"""What published rows say a model takes: the rows themselves where the model was timed on the device, else a regression
over the other models that were. Milliseconds, with a 90 % interval, how it came about, and every row looked at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from statistics import median
from typing import Literal

from latency_db.coverage import quantile
from latency_db.published.coreml_intervals import half_width
from latency_db.published.coreml_models import ModelFacts, model_facts
from latency_db.published.coreml_regression import CoreMLRegression, Timed, regression, training_rows
from latency_db.published.rows import PublishedRow, find, published_rows
from latency_db.published.transfer_ratios import transfer_ratio

Method = Literal["published", "regression over published models"]

OUTSIDE = 2.0
"""How much wider, in logarithms, an interval is beyond the hull of the rows: assumed, for no row is there to say"""


@dataclass(frozen=True)
class PublishedEstimate:
    """A latency with its 90 % interval and where it comes from."""

    ms: float
    low: float
    high: float
    method: Method
    reason: str
    """For the user: what it rests on"""
    rows: tuple[PublishedRow, ...]
    """Every published row of the model, device and size, fastest first, those that were left out too"""


def estimate_core_ml(
    facts: ModelFacts, device: str, *, rows: Sequence[PublishedRow] | None = None
) -> PublishedEstimate:
    """What a model takes on an iPhone under Core ML, the unit left to it. Raises `ValueError` for other devices.

    `rows` stand for the shipped ones.
    """
    own = estimate_from_rows(facts.model, device, "coreml", size=facts.stated_size, rows=rows)
    if own:
        return own
    timed = Timed(facts, device)
    fitted = regression() if rows is None else _fitted(rows)
    mean, deviation = fitted.predict([timed])
    known_family, known_phone = facts.family in fitted.families, timed.line in fitted.lines
    width = half_width(float(deviation[0]), known_family=known_family, known_phone=known_phone)
    outside = fitted.outside(timed)
    width *= OUTSIDE if outside else 1.0
    ms = math.exp(float(mean[0]))
    reason = f"{len(fitted.timed)} published rows of other models"
    reason += "" if known_family else f", none of the family {facts.family}"
    reason += "" if known_phone else f", none on {device}"
    reason += f"; {' and '.join(outside)} beyond all of theirs" if outside else ""
    found = tuple(find(facts.model, device=device, runtime="coreml", size=facts.stated_size, rows=rows))
    method: Method = "regression over published models"
    return PublishedEstimate(ms, ms * math.exp(-width), ms * math.exp(width), method, reason, found)


def estimate_from_rows(
    model: str,
    device: str,
    runtime: str,
    *,
    size: int | None,
    precision: str | None = None,
    rows: Sequence[PublishedRow] | None = None,
) -> PublishedEstimate | None:
    """The median of the usable published rows of this model, device, runtime and size; None where there is none.

    The interval spans them, and what another source would say: as far as sources of one model, phone and size differ
    under Core ML, and as far as Qualcomm's releases do.
    """
    found = find(model, device=device, runtime=runtime, size=size, rows=rows)
    found = [row for row in found if precision in (None, row.precision)]
    usable = [row.ms for row in found if row.usable]
    if not usable:
        return None
    middle, width = median(usable), _disagreement(runtime)
    sources = len({row.reference for row in found if row.usable})
    left = sorted({f"{row.ms:g} ms ({row.flag}: {row.flag_reason})" for row in found if not row.usable})
    reason = f"{len(usable)} published row{'s' * (len(usable) > 1)} of {sources} source{'s' * (sources > 1)}"
    reason += f"; left out: {', '.join(left)}" if left else ""
    low, high = min(*usable, middle * math.exp(-width)), max(*usable, middle * math.exp(width))
    return PublishedEstimate(middle, low, high, "published", reason, tuple(found))


def facts_of(model: str, size: int | None) -> ModelFacts:
    """The shipped facts of a published model at a size. Raises `LookupError`."""
    try:
        return model_facts()[model, size]
    except KeyError:
        raise LookupError(f"The multiply-accumulates of {model} at size {size} are not in the shipped table.") from None


@cache
def _disagreement(runtime: str) -> float:
    """Log factor within which 90 % of a second source's figures lie."""
    if runtime != "coreml":
        return max(transfer_ratio(phone, phone, "any", "any").half_width for phone in ("galaxy_s24", "galaxy_s25"))
    same: dict[tuple[object, ...], list[PublishedRow]] = {}
    for _, row in training_rows(published_rows()):
        same.setdefault((row.model, row.device, row.size), []).append(row)
    return quantile([
        abs(math.log(one.ms / other.ms))
        for rows in same.values()
        for one, other in combinations(rows, 2)
        if one.reference != other.reference
    ])  # fmt: skip


def _fitted(rows: Sequence[PublishedRow]) -> CoreMLRegression:
    pairs = training_rows(rows)
    return CoreMLRegression.fit([timed for timed, _ in pairs], [row.ms for _, row in pairs])
