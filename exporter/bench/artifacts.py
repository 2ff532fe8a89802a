"""Times the artefacts of a bundle that run on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from device_profiles.vocabulary import Runtime
from exporter.backends import backend, toolchain_versions
from exporter.backends.runner import Progress
from exporter.bench.host import conditions, measurement
from exporter.bench.kernel_artifacts import RUNTIMES
from exporter.bench.timekeeper import Timed, Times, time_artifacts
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

    Raises `BundleError` where the bundle has none of a format that is asked for, or none that can be timed here;
    `BackendError` where a format's runtime is missing.
    """
    timeable = [artifact for artifact in bundle.manifest.artifacts if _runs_here(artifact)]
    wanted = list(formats) or list(dict.fromkeys(artifact.format for artifact in timeable))
    for format in wanted:
        if not any(artifact.format == format for artifact in timeable):
            raise BundleError(
                f"{bundle.path} has nothing in {format} that can be timed here: {', '.join(RUNTIMES)} can."
            )
    if not wanted:
        raise BundleError(f"{bundle.path} has nothing that can be timed here: export it to {', '.join(RUNTIMES)}.")
    for place, format in enumerate(wanted):
        progress(f"time {format}", place / len(wanted))
        toolchain_versions(backend(format))
        own = [artifact for artifact in timeable if artifact.format == format]
        files = [
            Timed(bundle.path / artifact.file, {spec.name: spec.shape for spec in artifact.inputs}) for artifact in own
        ]
        for artifact, times in zip(own, time_artifacts(format, files, seconds, threads), strict=True):
            yield ArtifactTimed(artifact, times)


def measurements_of(bundle: Bundle, timed: Sequence[ArtifactTimed], threads: int) -> list[Measurement]:
    """Of those that ran."""
    model = bundle.manifest.model
    size = (model.image_size, model.image_size)
    return [
        measurement(
            Subject.of_graph(model.name, one.artifact.graph, size),
            conditions(_runtime(one.artifact), threads, one.artifact.precision),
            one.times,
        )
        for one in timed
        if one.times.samples is not None
    ]


def _runs_here(artifact: Artifact) -> bool:
    return artifact.format in RUNTIMES and artifact.delegate != "coreml"


def _runtime(artifact: Artifact) -> Runtime:
    return next(runtime for runtime in RUNTIMES if runtime == artifact.format)
