"""Where a graph loses accuracy by eight bits, as a manifest tells it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import log10
from typing import TYPE_CHECKING

from exporter.backends.runner import Arrays
from exporter.manifest import Lossy, Sensitivity
from exporter.quantise.sensitivity import noises

if TYPE_CHECKING:
    from exporter.graphs.capture import Graph

TOLD = 10
"""Single operators, of some hundreds"""


def sensitivity(graph: Graph, inputs: Sequence[Arrays]) -> Sensitivity:
    """Of a graph, on inputs that it is calibrated on."""
    found = noises(graph, inputs)
    kinds = defaultdict[str, float](float)
    for one in found:
        kinds[one.kind] += one.all
    return Sensitivity(
        graph=graph.name,
        sqnr=_decibels(sum(kinds.values())),
        extremes=_decibels(sum(one.extremes + one.weights for one in found)),
        kinds={
            kind: ratio
            for kind, noise in sorted(kinds.items(), key=lambda item: -item[1])
            if (ratio := _decibels(noise)) is not None
        },
        worst=tuple(
            Lossy(operator=one.kind, module=one.module, sqnr=_decibels(one.all), weights=_decibels(one.weights))
            for one in found[:TOLD]
        ),
    )


def _decibels(noise: float) -> float | None:
    """SQNR, of noise as a share of the signal"""
    return -10 * log10(noise) if noise > 0 else None
