"""Times the artefacts of a bundle that run on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from device_profiles.vocabulary import Runtime
from exporter.backends.runner import Progress
from exporter.bench.host.device import conditions, measurement
from exporter.bench.kernels.artifacts import RUNTIMES, runtimes_here
from exporter.bench.timing.timekeeper import Timed, Times, time_artifacts
from exporter.bundle import Bundle
from exporter.errors import BundleError
from exporter.manifest import Artifact
from latency_db.measurement import Measurement, Subject


@dataclass(frozen=True)
class ArtifactTimed:
    """An artefact of a bundle, and what came of timing it."""

    artifact: Artifact
    times: Times


def time_bundle(
    bundle: Bundle, formats: Sequence[str], threads: int, seconds: float, progress: Progress
) -> Iterator[ArtifactTimed]:
    """Time the artefacts, `seconds` each, those of a format in turns.

    Without formats, those of every one that runs here. Raises `BundleError` where the bundle has none of a format that
    is asked for, or none that can be timed here; `BackendError` where a format's runtime is missing; both before
    anything is timed.
    """
    timeable = [artifact for artifact in bundle.manifest.artifacts if _runs_here(artifact)]
    for format in formats:
        if not any(artifact.format == format for artifact in timeable):
            raise BundleError(
                f"{bundle.path} has nothing in {format} that can be timed here: {', '.join(RUNTIMES)} can."
            )
    if not timeable:
        raise BundleError(f"{bundle.path} has nothing that can be timed here: export it to {', '.join(RUNTIMES)}.")
    there = list(dict.fromkeys(_runtime(artifact) for artifact in timeable))
    wanted = runtimes_here(formats, among=there)
    for place, runtime in enumerate(wanted):
        progress(f"time {runtime}", place / len(wanted))
        own = [artifact for artifact in timeable if artifact.format == runtime]
        files = [
            Timed(bundle.path / artifact.file, {spec.name: spec.shape for spec in artifact.inputs}) for artifact in own
        ]
        for artifact, times in zip(own, time_artifacts(runtime, files, seconds, threads), strict=True):
            yield ArtifactTimed(artifact, times)


def measurement_of(bundle: Bundle, timed: ArtifactTimed, threads: int) -> Measurement:
    """Of one that ran."""
    model, artifact = bundle.manifest.model, timed.artifact
    size = (model.image_size, model.image_size)
    return measurement(
        Subject.of_graph(model.name, artifact.graph, size),
        conditions(_runtime(artifact), threads, artifact.precision),
        timed.times,
    )


def _runs_here(artifact: Artifact) -> bool:
    return artifact.format in RUNTIMES and artifact.delegate != "coreml"


def _runtime(artifact: Artifact) -> Runtime:
    return next(runtime for runtime in RUNTIMES if runtime == artifact.format)
