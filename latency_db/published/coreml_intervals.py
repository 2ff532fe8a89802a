"""Intervals of the Core ML regression: quantiles of its errors on rows that it was not fitted to (conformal)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from latency_db.coverage import quantile
from latency_db.shipped_tables import read_table

LeftOut = Literal["model", "family", "phone"]

CALIBRATED_ON = ("iphone12", "iphone13", "iphone14")
"""How the ids of phones begin that have rows of many families"""


@dataclass(frozen=True)
class Residual:
    """How far a prediction was from a published row that shared its model, family or phone with no row of the fit."""

    left_out: LeftOut
    model: str
    family: str
    device: str
    residual: float
    """Log of predicted over published"""
    deviation: float
    """What the process said it would be, as a standard deviation"""

    @property
    def scaled(self) -> float:
        return abs(self.residual) / self.deviation


def half_width(deviation: float, *, known_family: bool, known_phone: bool) -> float:
    """Half of the 90 % interval in logarithms, around a prediction of this standard deviation."""
    width = deviation * _scale("model" if known_family else "family")
    return width if known_phone else width * max(1.0, _scale("phone") / _scale("model"))


@cache
def _scale(left_out: LeftOut) -> float:
    return quantile([one.scaled for one in residuals() if one.left_out == left_out and calibrates(one)])


def calibrates(one: Residual) -> bool:
    return one.device.startswith(CALIBRATED_ON)


@cache
def residuals() -> tuple[Residual, ...]:
    """Those of the shipped table."""
    return read_table("coreml_residuals.csv.gz", Residual)
