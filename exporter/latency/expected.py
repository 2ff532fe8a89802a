"""What a bundle's artefacts are expected to take on its target. Nothing that is missing for it fails an export."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from device_profiles.schema import Device
from exporter.backends import backend
from exporter.errors import LatencyError
from exporter.graphs.tasks import TASKS
from exporter.latency.own_figures import OwnFigures, own_figures
from exporter.latency.refusals import as_mistakes
from exporter.latency.workloads import cut_for, unit_of, with_facts
from exporter.manifest import FrameLatency, Latency, Variant
from exporter.models.registry import ModelInfo
from latency_db.estimator.estimate import Estimate
from latency_db.estimator.estimator import estimate
from latency_db.estimator.shares import SHARE
from latency_db.estimator.workload import Workload
from latency_db.measurement import Conditions, Unit

if TYPE_CHECKING:
    from exporter.graphs.capture import Graph


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
    own = _own(device)
    frames, alone = list[FrameLatency](), dict[tuple[Variant, str], Latency]()
    for variant in variants:
        ran = _Ran(device, _stated(variant), own)
        unit = unit_of(ran.stated)
        cuts = {graph.name: cut_for(graph, variant.format, unit) for graph in graphs}
        whole = with_facts({name: cuts[name] for name in every_frame}, info, size)
        found = ran.estimated(whole)
        frames.append(_frame(variant, unit, every_frame, found))
        if len(every_frame) == 1:
            parts = {every_frame[0]: found}
        else:
            parts = {name: ran.part(replace(whole, graphs={name: cut}), found) for name, cut in cuts.items()}
        alone |= {(variant, name): latency(one) for name, one in parts.items() if isinstance(one, Estimate)}
    return Expected(tuple(frames), alone)


def _own(device: Device) -> OwnFigures:
    """Nothing, where the user's database cannot be read."""
    try:
        with as_mistakes():
            return own_figures(device)
    except LatencyError:
        return OwnFigures()


def _stated(variant: Variant) -> Conditions:
    runtime: Any = variant.format
    delegate = variant.delegate if variant.delegate != backend(variant.format).default_delegate else None
    unit: Literal["all"] | None = "all" if delegate == "coreml" else None  # Core ML runs things where it likes
    return Conditions(runtime=runtime, unit=unit, precision=variant.precision, delegate=delegate or "")


def _frame(variant: Variant, unit: Unit, graphs: tuple[str, ...], found: Estimate | str) -> FrameLatency:
    of_variant = {**asdict(variant), "unit": unit, "graphs": graphs}
    if isinstance(found, Estimate):
        return FrameLatency(**of_variant, cores=found.conditions.cores, latency=latency(found), missing=None)
    return FrameLatency(**of_variant, cores="", latency=None, missing=found)


@dataclass(frozen=True)
class _Ran:
    """Under which conditions a variant runs on a device, and what the user has measured there."""

    device: Device
    stated: Conditions
    own: OwnFigures

    def estimated(self, workload: Workload) -> Estimate | str:
        """An estimate that a manifest can hold, or why there is none."""
        try:
            with as_mistakes():
                found = estimate(workload, self.device.id, self.stated, self.own.measured, self.own.fits)
        except LatencyError as error:
            return str(error)
        try:
            latency(found)
        except ValidationError as error:
            wrong = error.errors()[0]
            return f"What was found is no time that a run can take: {wrong['loc'][0]} would be {wrong['input']:g} ms."
        return found

    def part(self, workload: Workload, whole: Estimate | str) -> Estimate | str:
        """One of several graphs of a model: as it was timed by itself, else by its kernels; or why there is nothing.

        Rows of whole models never speak for it, and where only they are known, its kernels are not guessed: those of
        all graphs would not add up to the whole.
        """
        [name] = workload.graphs
        of_graphs = (one for one in self.own.measured if one.subject.kind == "graph")
        if rows := tuple(one for one in of_graphs if one.subject.task == name):
            timed = replace(self, own=OwnFigures(rows)).estimated(workload)
            if isinstance(timed, Estimate) and timed.method == "measured":
                return timed
        if isinstance(whole, Estimate) and all(one.method == SHARE for one in whole.kernels):
            return "Only the whole is known."
        return self.estimated(Workload(workload.graphs))


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
