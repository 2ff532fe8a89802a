"""What the regression over published models knows of each: multiply-accumulates, weights, image size, kind, family."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from typing import Literal, cast

from latency_db.published import shipped

Kind = Literal["cnn", "vit", "hybrid"]


@dataclass(frozen=True)
class ModelFacts:
    """What a model costs at a size, as far as latency follows from it."""

    model: str
    stated_size: int | None
    """Side in pixels that the published row states; None where it states none"""
    size: int
    """Side that the counts are for: the stated one, else the one the model is usually run at"""
    gmacs: float
    params_m: float
    kind: Kind
    family: str
    origin: str
    """Who counted, or printed, the multiply-accumulates"""


@cache
def model_facts() -> dict[tuple[str, int | None], ModelFacts]:
    """Model and stated size -> its facts, from the shipped table."""
    table = csv.DictReader(io.StringIO(gzip.decompress(shipped("models.csv.gz")).decode()))
    facts = (
        ModelFacts(
            row["model"],
            int(row["stated_size"]) if row["stated_size"] else None,
            int(row["size"]),
            float(row["gmacs"]),
            float(row["params_m"]),
            cast(Kind, row["kind"]),
            row["family"],
            row["origin"],
        )
        for row in table
    )
    return {(fact.model, fact.stated_size): fact for fact in facts}


def written(facts: Iterable[ModelFacts]) -> bytes:
    """A gzip'd CSV of facts; the same facts give the same bytes."""
    text = io.StringIO()
    names = [field.name for field in fields(ModelFacts)]
    table = csv.writer(text, lineterminator="\n")
    table.writerow(names)
    for fact in facts:
        table.writerow(["" if (value := getattr(fact, name)) is None else value for name in names])
    return gzip.compress(text.getvalue().encode(), 9, mtime=0)
