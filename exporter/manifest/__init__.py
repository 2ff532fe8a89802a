"""What a bundle says about itself. docs/manifest.schema.json is generated from these models."""

from exporter.manifest.artifact import Artifact, Delegation, File, Finding, FrameLatency, Latency, Outside, Severity
from exporter.manifest.compression import Compression, CurvePoint, Fit, Lossy, Sensitivity, Speed
from exporter.manifest.manifest import SCHEMA_VERSION, Manifest, Target, json_schema
from exporter.manifest.model import (
    GraphEntry,
    Interpolation,
    Kind,
    ModelEntry,
    Preprocessing,
    Quality,
    TaskName,
    TensorSpec,
    Weights,
    WeightsCard,
)
from exporter.manifest.parity import Parity, Rollout, RolloutTolerance, SequenceEntry, Tolerance, Verification
from exporter.manifest.part import MOST_PARTS, MadeInVariant, Variant, label_among

__all__ = [
    "MOST_PARTS",
    "SCHEMA_VERSION",
    "Artifact",
    "Compression",
    "CurvePoint",
    "Delegation",
    "File",
    "Finding",
    "Fit",
    "FrameLatency",
    "GraphEntry",
    "Interpolation",
    "Kind",
    "Latency",
    "Lossy",
    "MadeInVariant",
    "Manifest",
    "ModelEntry",
    "Outside",
    "Parity",
    "Preprocessing",
    "Quality",
    "Rollout",
    "RolloutTolerance",
    "Sensitivity",
    "SequenceEntry",
    "Severity",
    "Speed",
    "Target",
    "TaskName",
    "TensorSpec",
    "Tolerance",
    "Variant",
    "Verification",
    "Weights",
    "WeightsCard",
    "json_schema",
    "label_among",
]
