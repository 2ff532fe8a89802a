"""What a bundle says about itself, as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from exporter.budgets import BUNDLE_FILES
from exporter.manifest.artifact import Artifact, File, Finding, FrameLatency
from exporter.manifest.compression import Compression, Sensitivity
from exporter.manifest.model import GraphEntry, ModelEntry, Preprocessing, Weights
from exporter.manifest.parity import Rollout, SequenceEntry, Verification
from exporter.manifest.part import Count, Part, Variant, label_among

SCHEMA_VERSION: Literal[13] = 13


class Target(Part):
    id: str
    name: str
    platform: str
    min_ios: Count = Field(description="Oldest iOS that Core ML files must load on.")


class Manifest(Part):
    schema_version: Literal[13] = SCHEMA_VERSION
    created: str = Field(description="ISO 8601, UTC.")
    provenance: dict[str, str] = Field(
        description="What every figure was measured with: versions, vitexport's commit, CPU model, threads."
    )
    model: ModelEntry
    weights: Weights
    target: Target
    preprocessing: Preprocessing
    variants: tuple[Variant, ...] = Field(
        max_length=100, description="What every graph was made in, in the order in which it was asked for."
    )
    graphs: tuple[GraphEntry, ...] = Field(min_length=1, max_length=100)
    artifacts: tuple[Artifact, ...] = Field(min_length=1, max_length=1000)
    state: dict[str, str] = Field(default={}, description="Output -> the input that it is in the next step.")
    sequence: SequenceEntry | None = None
    rollouts: tuple[Rollout, ...] = ()
    compressions: tuple[Compression, ...] = Field(
        default=(), max_length=100, description="What each variant of fewer bits gains on the format's full precision."
    )
    sensitivities: tuple[Sensitivity, ...] = Field(
        default=(), max_length=100, description="Of graphs of which ranges were calibrated: where eight bits lose most."
    )
    latencies: tuple[FrameLatency, ...] = Field(
        default=(), max_length=100, description="What each variant is expected to take on the target, in their order."
    )
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...]
    files: tuple[File, ...] = Field(
        default=(),
        max_length=BUNDLE_FILES.most,
        description="All files of the bundle but this one and SHA256SUMS, which has this one's checksum.",
    )

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats of the variants, each once."""
        return tuple(dict.fromkeys(variant.format for variant in self.variants))

    @property
    def paths(self) -> tuple[str, ...]:
        """All files and packages that are read by name, relative to the bundle."""
        sequence = () if self.sequence is None else (self.sequence.file,)
        return (*(one.file for one in self.artifacts), *(one.vectors for one in self.graphs), *sequence)

    @property
    def failures(self) -> list[str]:
        """What failed, in words; none where the bundle is fit to be used."""
        return [
            f"{self.label(one.variant)} {one.graph}: {one.verification.detail}"
            for one in self.artifacts
            if one.verification.status == "failed"
        ] + [f"{self.label(one.variant)}: {one.detail}" for one in self.rollouts if one.status == "failed"]

    def label(self, variant: Variant) -> str:
        """What to call a variant in this bundle."""
        return label_among(self.variants, variant)

    def measured_again(
        self, verifications: Iterable[Verification], rollouts: Iterable[Rollout], provenance: dict[str, str]
    ) -> Manifest:
        """The same bundle with other results, measured with `provenance`: one of each artefact, in order."""
        artifacts = tuple(
            artifact.model_copy(update={"verification": verification})
            for artifact, verification in zip(self.artifacts, verifications, strict=True)
        )
        return self.model_copy(update={"artifacts": artifacts, "rollouts": tuple(rollouts), "provenance": provenance})


def json_schema() -> str:
    """JSON Schema of the manifest, as kept in docs/manifest.schema.json."""
    return json.dumps(Manifest.model_json_schema(mode="serialization"), indent=2) + "\n"
