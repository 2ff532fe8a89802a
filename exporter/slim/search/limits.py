"""What an architecture may be at most: latency on one device or several, parameters, multiply-accumulates, bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exporter.slim.architecture import Architecture


@dataclass(frozen=True)
class Limit:
    """The most of one thing."""

    what: str
    """Such as "ms on iphone12 (coreml)" """
    most: float
    of: Callable[[Architecture], float]
    device: str | None = None
    """That it is a time on"""


def load(limits: Sequence[Limit], architecture: Architecture) -> float:
    """The largest share of a limit that an architecture takes; it is within all of them up to 1."""
    return max(limit.of(architecture) / limit.most for limit in limits)
