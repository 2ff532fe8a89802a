"""What a device runs for one image: kernels of a registered model from the index, or cut from captured graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from exporter.errors import LatencyError
from exporter.models.registry import ModelInfo
from exporter.operations.kernels import FUSIONS, Fusion, kernels
from latency_db.estimator.question import DEFAULT_UNITS
from latency_db.estimator.workload import Workload
from latency_db.kernel import Kernel
from latency_db.measurement import Conditions, Unit
from latency_db.registered import CUT_LIKE, UNITS, NotInIndex, shipped_index

if TYPE_CHECKING:
    from exporter.graphs.capture import Graph

RUNTIMES = (*dict.fromkeys(runtime for runtime, _ in FUSIONS), *CUT_LIKE)
"""Whose cuts of a graph are known, or taken for known"""


def unit_of(conditions: Conditions) -> Unit:
    """Where it is to run: as stated, else where the runtime runs things unless it is told."""
    return conditions.unit or DEFAULT_UNITS.get(str(conditions.runtime), "cpu")


def of_model(info: ModelInfo, size: int, runtime: str, unit: str) -> Workload:
    """A registered model at an image size; captured, which takes seconds, where the index does not have it.

    Raises `InputShapeError` for a size that the model does not take, and `LatencyError` where torch would be needed.
    """
    try:
        return shipped_index().workload(info.name, size, runtime, unit)
    except NotInIndex as missing:
        return _captured(info, size, runtime, unit, missing)


def _captured(info: ModelInfo, size: int, runtime: str, unit: str, missing: NotInIndex) -> Workload:
    try:
        from exporter.graphs.cut import every_frame
        from exporter.models.registry import create_model

        graphs = every_frame(create_model(info, size))
    except ModuleNotFoundError as module:
        raise LatencyError(
            f"{missing} Others are captured here, which needs {module.name}: pip install 'vitexport[export]'."
        ) from module
    cuts = {graph.name: cut_for(graph, runtime, unit) for graph in graphs}
    return with_facts(cuts, info, size)


def cut_for(graph: Graph, runtime: str, unit: str) -> tuple[Kernel, ...]:
    """A captured graph's kernels as a runtime runs them on a unit, in order."""
    from exporter.operations.of_program import operations, returned

    return tuple(kernels(operations(graph.program), returned(graph.program), fusion(runtime, unit)))


def fusion(runtime: str, unit: str) -> Fusion:
    """As the index of registered models takes another unit's where nobody has said what this one fuses."""
    like = CUT_LIKE.get(runtime, runtime)
    return next(FUSIONS[like, one] for one in (unit, *UNITS) if (like, one) in FUSIONS)


def with_facts(cuts: Mapping[str, tuple[Kernel, ...]], info: ModelInfo, size: int) -> Workload:
    """A model's graphs that run for each image, with what finds its published rows if the index has it at any size."""
    index = shipped_index()
    known = index.models.get((info.name, size))
    if known is None and (sizes := index.sizes(info.name)):
        known = replace(index.models[info.name, sizes[0]], size=size, published_as=info.name)
    return Workload(cuts, None if known is None else known.facts(cuts), info.image_size)
