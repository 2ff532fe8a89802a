"""What the regression over published models knows of each: multiply-accumulates, weights, image size, kind, family."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from latency_db.shipped_tables import read_table

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
    return {(fact.model, fact.stated_size): fact for fact in read_table("models.csv.gz", ModelFacts)}
