"""From a latency on one Galaxy phone to that on another generation: one ratio for each runtime and precision.

The ratios stand in `data/published/transfer_ratios.csv.gz`, made by `latency_db.fitting.transfer_ratios` from rows that
Qualcomm published. A ratio of a phone to itself says how much one release of Qualcomm's tools differs from the next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from latency_db.shipped_tables import read_table

ANY = "any"
"""Runtime and precision of the ratio over all of them, for those with too few models for one of their own"""


@dataclass(frozen=True)
class TransferRatio:
    """How many times longer a model takes on one phone than on another."""

    source: str
    target: str
    backend: str
    """What ran it, in Qualcomm's words, such as qnn_dlc"""
    precision: str
    ratio: float
    """Milliseconds on the target for each on the source, the median over models"""
    half_width: float
    """Of the 90 % interval, in logarithms: from errors on models that the ratio was not fitted to"""
    models: int

    def moved(self, ms: float) -> tuple[float, float, float]:
        """Milliseconds on the target with the ends of the 90 % interval, for milliseconds on the source."""
        there = ms * self.ratio
        return there, there * math.exp(-self.half_width), there * math.exp(self.half_width)


def transfer_ratio(source: str, target: str, backend: str, precision: str) -> TransferRatio:
    """The ratio between two phones, of this backend and precision where they have their own. Raises `LookupError`."""
    ratios = transfer_ratios()
    for key in ((source, target, backend, precision), (source, target, ANY, ANY)):
        if key in ratios:
            return ratios[key]
    pairs = sorted({f"{a} to {b}" for a, b, _, _ in ratios if a != b})
    raise LookupError(f"No ratio leads from {source} to {target}: there are {', '.join(pairs)}.")


@cache
def transfer_ratios() -> dict[tuple[str, str, str, str], TransferRatio]:
    """Source, target, backend and precision -> the ratio, from the shipped table."""
    ratios = read_table("transfer_ratios.csv.gz", TransferRatio)
    return {(ratio.source, ratio.target, ratio.backend, ratio.precision): ratio for ratio in ratios}
