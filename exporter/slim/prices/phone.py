"""Prices on a phone: kernels of each piece, at what the latency database says that they cost there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from exporter.graphs.cut import every_frame
from exporter.latency.own_figures import own_figures
from exporter.latency.refusals import as_mistakes
from exporter.latency.workloads import cut_for, fusion, unit_of, with_facts
from exporter.models.model import Model
from exporter.models.registry import ModelInfo
from exporter.operations.kernels import Fusion, kernels
from exporter.operations.of_program import operations, returned
from exporter.plan import device_of
from exporter.slim.architecture import Piece, Space
from exporter.slim.piece_programs import program_of
from exporter.slim.prices.interpolated import Interpolated
from exporter.slim.prices.table import Price, Table
from latency_db.end_to_end.features import of_graph
from latency_db.estimator.prices import prices
from latency_db.measurement import Conditions


@dataclass(frozen=True, eq=False)
class KernelPrices:
    """By the features of a piece's kernels, as a runtime cuts them."""

    space: Space
    fusion: Fusion
    coefficients: NDArray[np.float64]
    """ms for a unit of each feature"""

    def of(self, pieces: Iterable[Piece]) -> Mapping[Piece, Price]:
        features = {piece: _features(self.space, piece, self.fusion) for piece in pieces}
        return {piece: Price(float(row @ self.coefficients), "estimated") for piece, row in features.items()}


@lru_cache(maxsize=1 << 14)
def _features(space: Space, piece: Piece, fusion: Fusion) -> NDArray[np.float64]:
    """[features]; a capture takes a tenth of a second, and devices under one runtime have the same"""
    program = program_of(space, piece)
    return of_graph(kernels(operations(program), returned(program), fusion))


def phone_table(space: Space, info: ModelInfo, target: str, conditions: Conditions) -> Table:
    """Of a device under a runtime. The parent, a registered model, takes what `vitexport latency` says of it.

    Raises `LatencyError` where it knows nothing.
    """
    device = device_of(target)
    runtime, unit = str(conditions.runtime), unit_of(conditions)
    parent = space.build(space.parent).eval().requires_grad_(False)
    assert isinstance(parent, Model)
    cuts = {graph.name: cut_for(graph, runtime, unit) for graph in every_frame(parent)}
    with as_mistakes():
        own = own_figures(device)
        found = prices(with_facts(cuts, info, parent.image_size), device.id, conditions, own.measured, own.fits)
    whole = found.of_workload
    table = Table(
        space,
        device.id,
        runtime,
        Interpolated(space, KernelPrices(space, fusion(runtime, unit), found.coefficients)),
        scale=1.0,
        low=whole.low / whole.ms,
        high=whole.high / whole.ms,
        provenance=f"{whole.method}: {whole.reason}",
    )
    return table.scaled(space.parent, whole.ms)
