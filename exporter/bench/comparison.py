"""How fast a variant of fewer bits is beside the format's full precision: both timed in turns, on one thread.

One thread, because how several share the work differs from run to run more than the two do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.bench.kernels.artifacts import RUNTIMES
from exporter.bench.timing.timekeeper import Timed, time_artifacts
from exporter.manifest import Speed, Variant

if TYPE_CHECKING:
    from exporter.graphs.capture import Graph

SECONDS = 2.0
"""That each file is timed for"""


def speeds(
    variant: Variant, graphs: Sequence[Graph], few: Mapping[str, Path], full: Mapping[str, Path]
) -> tuple[Speed, ...]:
    """Of each graph, by the files with fewer bits and in full precision.

    Empty where nothing native runs the format here; a graph of which one of the two does not run is left out.
    """
    if variant.format not in RUNTIMES or variant.delegate == "coreml":
        return ()
    found = []
    for graph in graphs:
        shapes = {spec.name: spec.shape for spec in graph.inputs}
        pair = [Timed(files[graph.name], shapes) for files in (few, full)]
        timed = time_artifacts(variant.format, pair, SECONDS, threads=1)
        times = [one.samples.latency.p50 if one.samples else None for one in timed]
        if times[0] is not None and times[1] is not None:
            found.append(Speed(graph=graph.name, ms=times[0], full_ms=times[1]))
    return tuple(found)
