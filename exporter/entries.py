"""What an export is about and what came of it, and what the manifest says of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from exporter import manifest
from exporter.backends import backend, toolchain_versions
from exporter.backends.interface import Lowered
from exporter.bench.provenance import provenance
from exporter.contents import size_of
from exporter.graphs.tasks import TASKS
from exporter.manifest import (
    Artifact,
    Compression,
    Finding,
    Manifest,
    Sensitivity,
    SequenceEntry,
    TaskName,
    Variant,
    Verification,
)
from exporter.vectors import vectors_file

if TYPE_CHECKING:
    from exporter.calibration.inputs import Calibration
    from exporter.graphs.capture import Graph
    from exporter.latency.expected import Expected
    from exporter.models.model import Model
    from exporter.models.weights.loading import LoadedWeights
    from exporter.plan import Plan
    from exporter.quantise.fit import Fitted
    from exporter.quantise.scheme import Integers
    from exporter.verify.sequence import Followed


@dataclass(frozen=True)
class Export:
    """An export under way: its plan, the model cut into graphs, and the folder of the bundle to be."""

    planned: Plan
    network: Model
    loaded: LoadedWeights
    graphs: tuple[Graph, ...]
    folder: Path
    calibration: Calibration | None = None
    """What ranges of activations are read off; None where nobody asks for any"""
    sensitivities: tuple[Sensitivity, ...] = ()
    """Of graphs whose ranges are read off it"""
    fitted: Mapping[tuple[str, Integers], Fitted] = field(default_factory=dict)
    """Graph, and what a format makes of eight bits -> the graph with weights fitted to that, where it was asked for"""

    @property
    def task(self) -> TaskName:
        """What the model is for, as it was built."""
        return "multilabel" if self.network.multi_label else self.planned.info.family.task

    def path(self, variant: Variant, graph: Graph) -> Path:
        """Where the artefact of a graph in a variant is: in the bundle, or beside it where it is only compared with."""
        folder = self.folder if variant in self.planned.lowerings else self.folder.with_name("compared")
        return folder / self.planned.folder_of(variant) / f"{graph.name}.{backend(variant.format).extension}"


@dataclass(frozen=True)
class Made:
    """What came of all stages, in the order of the variants and graphs."""

    artifacts: tuple[Artifact, ...]
    sequence: SequenceEntry | None
    """What a tracker was recorded on"""
    followed: tuple[Followed, ...]
    """What a tracker's artefacts saw in the sequence, for each variant that runs here"""
    findings: tuple[Finding, ...]
    compressions: tuple[Compression, ...]
    """Of each variant of fewer bits"""


def artifact_entry(
    export: Export, variant: Variant, graph: Graph, lowered: Lowered, verification: Verification
) -> Artifact:
    """The manifest's entry for the file of a graph in a variant."""
    format, path = backend(variant.format), export.path(variant, graph)
    inputs, outputs = lowered.signature(graph)
    return Artifact(
        **asdict(variant),
        graph=graph.name,
        file=path.relative_to(export.folder).as_posix(),
        bytes=size_of(path),
        toolchain=toolchain_versions(format, variant.delegate),
        min_os=lowered.min_os,
        compute_units=lowered.compute_units,
        inputs=inputs,
        outputs=outputs,
        rewrites=format.passes(export.planned.lowerings[variant]),
        operators=lowered.operators,
        delegation=lowered.delegation,
        verification=verification,
    )


def manifest_entry(export: Export, made: Made, latencies: Expected) -> Manifest:
    """All that the manifest says."""
    planned, network, loaded = export.planned, export.network, export.loaded
    info, family, device = planned.info, planned.info.family, planned.device
    return Manifest(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        provenance=provenance(),
        model=manifest.ModelEntry(
            typed_name=planned.request.model if info.checkpoint is None else info.checkpoint.name,
            name=info.name,
            family=family.name,
            task=export.task,
            paper=family.paper,
            image_size=network.image_size,
            num_classes=network.num_classes,
            classes=info.classes if len(info.classes) == network.num_classes else (),
            parameters=sum(parameter.numel() for parameter in network.parameters()),
            architecture=None if info.architecture is None else dict(info.architecture),
        ),
        weights=manifest.Weights(
            kind=loaded.kind,
            source=loaded.source,
            sha256=loaded.sha256,
            trained=loaded.trained,
            trained_at=loaded.trained_at,
            key=loaded.fitted.key,
            card=loaded.card,
        ),
        target=manifest.Target(id=device.id, name=device.name, platform=device.platform, min_ios=planned.min_ios),
        preprocessing=family.preprocessing,
        variants=tuple(planned.lowerings),
        graphs=tuple(
            manifest.GraphEntry(
                name=graph.name,
                inputs=graph.inputs,
                outputs=graph.outputs,
                vectors=vectors_file(graph.name),
            )
            for graph in export.graphs
        ),
        artifacts=tuple(
            artifact.model_copy(update={"latency": latencies.graphs.get((artifact.variant, artifact.graph))})
            for artifact in made.artifacts
        ),
        state=TASKS[family.task].wiring,
        sequence=made.sequence,
        rollouts=tuple(followed.rollout for followed in made.followed),
        compressions=made.compressions,
        sensitivities=export.sensitivities,
        latencies=latencies.frames,
        findings=made.findings,
        warnings=(*planned.warnings, *_warnings(network, loaded)),
    )


def _warnings(network: Model, loaded: LoadedWeights) -> list[str]:
    """What a user has to know about the weights."""
    warnings = []
    if not loaded.trained:
        warnings.append("UNTRAINED: the weights are seeded, so the outputs mean nothing.")
    warnings += loaded.fitted.notes
    if resized := loaded.fitted.resized:
        warnings.append(
            f"{len(resized)} attention-bias tables were interpolated to {network.image_size} pixels from a "
            "checkpoint for another image size; its accuracy at this size was not measured."
        )
    elif loaded.trained_at not in (None, network.image_size):
        warnings.append(f"The weights were trained at {loaded.trained_at} pixels, and this is {network.image_size}.")
    return warnings
