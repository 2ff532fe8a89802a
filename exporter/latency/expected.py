"""What a bundle's artefacts are expected to take on its target. Nothing that is missing for it fails an export."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from device_profiles.schema import Device
from exporter.backends import backend
from exporter.errors import LatencyError
from exporter.graphs.tasks import TASKS
from exporter.latency.own_figures import OwnFigures, own_figures
from exporter.latency.question import RUNTIMES
from exporter.latency.refusals import as_mistakes
from exporter.latency.workloads import cut_for, with_facts
from exporter.manifest import FrameLatency, Latency, Variant
from exporter.models.registry import ModelInfo
from latency_db.estimator.estimator import estimate
from latency_db.estimator.question import completed
from latency_db.estimator.shares import SHARE
from latency_db.estimator.workload import Workload
from latency_db.measurement import Conditions

if TYPE_CHECKING:
    from exporter.graphs.capture import Graph
    from latency_db.estimator.estimate import Estimate


@dataclass(frozen=True)
class Expected:
    """Of all artefacts of a bundle."""

    frames: tuple[FrameLatency, ...]
    """One for each variant, in their order"""
    graphs: Mapping[tuple[Variant, str], Latency]
    """Variant and graph -> latency of that graph alone; without those of which nothing is known"""


def expected(
    info: ModelInfo, size: int, graphs: Sequence[Graph], device: Device, variants: Sequence[Variant]
) -> Expected:
    """Ask about each variant of a model's captured graphs, for images of `size` pixels, on a device."""
    every_frame = TASKS[info.family.task].every_frame
    frames, alone = [], {}
    for variant in variants:
        if variant.format not in RUNTIMES:
            missing = f"Nobody has published how long anything takes under {variant.format}."
            frames.append(_frame(variant, "all", "", every_frame, missing))
            continue
        own = _own(device, variant.format)
        conditions = _conditions(variant, device, own)
        unit = conditions.unit or "all"
        cuts = {graph.name: cut_for(graph, variant.format, unit) for graph in graphs}
        whole = with_facts({name: cuts[name] for name in every_frame}, info, size)
        answered = _answered(whole, device, conditions, own)
        frames.append(_frame(variant, unit, conditions.cores, every_frame, answered))
        if isinstance(answered, Latency) and answered.kernels_by == SHARE and len(every_frame) > 1:
            continue  # of whole models only something is known, and what is guessed of their parts would not add up
        for name, cut in cuts.items():
            one = answered if (name,) == every_frame else _answered(Workload({name: cut}), device, conditions, own)
            if isinstance(one, Latency):
                alone[variant, name] = one
    return Expected(tuple(frames), alone)


def _own(device: Device, runtime: Any) -> OwnFigures:
    """Nothing, where the user's database cannot be read."""
    try:
        with as_mistakes():
            return own_figures(device, runtime)
    except LatencyError:
        return OwnFigures()


def _conditions(variant: Variant, device: Device, own: OwnFigures) -> Conditions:
    runtime: Any = variant.format
    delegate = variant.delegate if variant.delegate != backend(variant.format).default_delegate else None
    unit: Literal["all"] | None = "all" if delegate == "coreml" else None  # Core ML runs things where it likes
    stated = Conditions(runtime=runtime, unit=unit, precision=variant.precision, delegate=delegate or "")
    return completed(stated, device.id, own.measured)[0]


def _frame(variant: Variant, unit: Any, cores: str, graphs: tuple[str, ...], answered: Latency | str) -> FrameLatency:
    return FrameLatency(
        **asdict(variant),
        unit=unit,
        cores=cores,
        graphs=graphs,
        latency=None if isinstance(answered, str) else answered,
        missing=answered if isinstance(answered, str) else None,
    )


def _answered(workload: Workload, device: Device, conditions: Conditions, own: OwnFigures) -> Latency | str:
    """A latency, or why there is none."""
    try:
        with as_mistakes():
            return latency(estimate(workload, device.id, conditions, own.measured, own.fits))
    except LatencyError as error:
        return str(error)


def latency(found: Estimate) -> Latency:
    """An estimate as a manifest has it."""
    kinds: defaultdict[str, float] = defaultdict(float)
    for one in found.kernels:
        kinds[one.kernel.kind] += one.ms * one.count
    return Latency(
        ms=found.ms,
        low=found.low,
        high=found.high,
        method=found.method,
        detail=found.reason,
        kernels=dict(sorted(kinds.items(), key=lambda item: -item[1])),
        kernels_by=", ".join(dict.fromkeys(one.method for one in found.kernels)),
    )
