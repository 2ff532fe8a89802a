"""What published rows say a model takes: the rows themselves where the model was timed on the device, else a regression
over the other models that were. Milliseconds, with a 90 % interval, how it came about, and every row looked at.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from statistics import median
from typing import Literal

from latency_db.coverage import quantile
from latency_db.published.coreml_intervals import half_width
from latency_db.published.coreml_models import ModelFacts, model_facts
from latency_db.published.coreml_regression import (
    UNIT_LEFT_TO_CORE_ML,
    CoreMLRegression,
    Timed,
    line_of,
    regression,
    training_rows,
)
from latency_db.published.rows import PublishedRow, find, published_rows
from latency_db.published.transfer_ratios import transfer_ratio

Method = Literal["published", "regression over published models"]

SAME = 1.25
"""Times that two figures of one document may be apart and still be of one thing: in the shipped rows those that are are
within 1.1, parts under one name 3 or more"""

NAMED_BY_A_DOCUMENT = ("published_as", "backend")
"""What rows of one document differ in where they are of different things; others may spell one thing otherwise."""
SETTINGS = ("precision", "unit")
"""What rows of any documents differ in where they are of different things, if they state it."""

LISTED = 6
"""Rows that a refusal names"""

OUTSIDE = 2.0
"""How much wider, in logarithms, an interval is beyond the hull of the rows: assumed, for no row is there to say"""


class SeveralFigures(ValueError):
    """Published rows are of different parts of a model, or of different ways to run it."""


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
    """What a model takes on an iPhone under Core ML, the unit left to it. `rows` stand for the shipped ones.

    Raises `ValueError` for what is no iPhone from the 12 on, and `SeveralFigures` where its rows are of different
    things.
    """
    own = None
    if line_of(device) is not None:
        own = estimate_from_rows(
            facts.model, device, "coreml", size=facts.stated_size, units=UNIT_LEFT_TO_CORE_ML, rows=rows
        )
    return own or regress_core_ml(facts, device, rows=rows)


def regress_core_ml(facts: ModelFacts, device: str, *, rows: Sequence[PublishedRow] | None = None) -> PublishedEstimate:
    """The same from rows of other models only."""
    timed = Timed(facts, device)
    line = timed.line
    fitted = regression() if rows is None else _fitted(rows)
    mean, deviation = fitted.predict([timed])
    known_family, known_phone = facts.family in fitted.families, line in fitted.lines
    width = half_width(float(deviation[0]), known_family=known_family, known_phone=known_phone)
    outside = fitted.outside(timed)
    width *= OUTSIDE if outside else 1.0
    ms = math.exp(float(mean[0]))
    reason = f"{len(fitted.timed)} published rows of other models"
    reason += "" if known_family else f", none of the family {facts.family}"
    reason += "" if known_phone else f", none on {device}"
    reason += f"; {' and '.join(outside)} beyond all of theirs" if outside else ""
    found = tuple(_of_size(facts.stated_size, find(facts.model, device=device, runtime="coreml", rows=rows)))
    method: Method = "regression over published models"
    return PublishedEstimate(ms, ms * math.exp(-width), ms * math.exp(width), method, reason, found)


def estimate_from_rows(
    model: str,
    device: str,
    runtime: str,
    *,
    size: int | None,
    published_as: str | None = None,
    backend: str | None = None,
    precision: str | None = None,
    units: Collection[str] | None = None,
    rows: Sequence[PublishedRow] | None = None,
) -> PublishedEstimate | None:
    """The median of the usable published rows of this model, device, runtime and size; None where there is none.

    A size of None is that of rows that state none; any other None takes whatever there is. Raises `SeveralFigures`
    where that is not one thing. The interval spans the rows, and what another source would say: as far as sources of
    one model, phone and size differ under Core ML, and as far as Qualcomm's releases do.
    """
    found = [
        row
        for row in _of_size(size, find(model, device=device, runtime=runtime, rows=rows))
        if published_as in (None, row.published_as)
        and backend in (None, row.backend)
        and precision in (None, row.precision)
        and (units is None or row.unit in units)
    ]
    usable = [row for row in found if row.usable]
    if not usable:
        return None
    _check_one_thing(usable)
    times = [row.ms for row in usable]
    middle, width = median(times), disagreement(runtime)
    sources = len({row.document for row in usable})
    left = sorted({f"{row.ms:g} ms ({row.flag}: {row.flag_reason})" for row in found if not row.usable})
    reason = f"{len(usable)} published row{'s' * (len(usable) > 1)} of {sources} source{'s' * (sources > 1)}"
    reason += f"; left out: {', '.join(left)}" if left else ""
    low, high = min(*times, middle * math.exp(-width)), max(*times, middle * math.exp(width))
    return PublishedEstimate(middle, low, high, "published", reason, tuple(found))


def _of_size(size: int | None, rows: Iterable[PublishedRow]) -> list[PublishedRow]:
    return [row for row in rows if row.size == size]


def _check_one_thing(rows: Sequence[PublishedRow]) -> None:
    """Raise `SeveralFigures` where rows are of different parts of a model, or of different ways to run it."""
    by_document: dict[str, list[PublishedRow]] = {}
    for row in rows:
        by_document.setdefault(row.document, []).append(row)
    differ = [name for name in SETTINGS if len(_stated(name, rows)) > 1]
    differ += [name for name in NAMED_BY_A_DOCUMENT if any(len(_stated(name, own)) > 1 for own in by_document.values())]
    if not differ and all(_near([row.ms for row in own]) for own in by_document.values()):
        return
    listed = [
        f"{row.ms:g} ms ({', '.join(filter(None, (row.published_as, row.backend, row.precision, row.unit)))})"
        for row in rows
    ]
    listed = [*listed[:LISTED], *([f"{len(listed) - LISTED} more"] if len(listed) > LISTED else [])]
    advice = f"name one by its {' and '.join(differ)}" if differ else "its rows do not say what tells them apart"
    one = rows[0]
    raise SeveralFigures(
        f"{one.model} on {one.device} has published figures of several things: {', '.join(listed)}; {advice}."
    )


def _stated(name: str, rows: Iterable[PublishedRow]) -> set[str]:
    return {getattr(row, name) for row in rows} - {""}


def _near(times: Sequence[float]) -> bool:
    return max(times) <= SAME * min(times)


def facts_of(model: str, size: int | None) -> ModelFacts:
    """The shipped facts of a published model at a size. Raises `LookupError`."""
    try:
        return model_facts()[model, size]
    except KeyError:
        raise LookupError(f"The multiply-accumulates of {model} at size {size} are not in the shipped table.") from None


@cache
def disagreement(runtime: str) -> float:
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
