"""How a graph gets fewer bits: by its format's scheme, with the ranges that were asked for, if it can have any."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from exporter.backends.interface import Backend, LowerOptions
from exporter.quantise.methods import READINGS
from exporter.quantise.scheme import Integers

if TYPE_CHECKING:
    from exporter.graphs.capture import Graph
    from exporter.quantise.fit import Fitted


def prepared(
    graph: Graph,
    format: Backend,
    options: LowerOptions,
    wide: Collection[str],
    ranges: str | None,
    fitted: Mapping[tuple[str, Integers], Fitted],
) -> tuple[Graph, LowerOptions]:
    """The graph that is lowered, and how.

    A graph in `wide` computes what fixed ranges cannot hold, so that its ranges are found in each run. `fitted` has
    graphs whose weights were fitted to a format's integers; `ranges` names a reading for those that were not.
    """
    scheme = format.scheme(options)
    if scheme is None or not scheme.calibrated:
        return graph, options
    if graph.name in wide:
        return graph, replace(options, scheme=format.schemes[format.without_ranges[options.precision]])
    if (graph.name, scheme.integers) in fitted:
        own = fitted[graph.name, scheme.integers]
        return own.graph, replace(options, scheme=replace(scheme, reading=own.reading), full=None)
    if ranges is None:
        return graph, options
    return graph, replace(options, scheme=replace(scheme, reading=READINGS[ranges]))
