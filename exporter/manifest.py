"""What a bundle says about itself. docs/manifest.schema.json is generated from these models."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import prod
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from device_profiles.vocabulary import ComputeUnit, Precision
from exporter.budgets import BUNDLE_FILES, BUNDLE_VALUES, CLASSES, IMAGE_SIZE

SCHEMA_VERSION: Literal[7] = 7
TaskName = Literal["classify", "multilabel", "track"]
Interpolation = Literal["bicubic", "bilinear"]
Severity = Literal["error", "warning", "info"]
Kind = Literal[
    "image",
    "class_scores",
    "label_scores",
    "features",
    "points",
    "point_labels",
    "mask",
    "mask_logits",
    "score",
    "memory",
    "pointers",
    "flags",
]
"""What the numbers of a tensor are, which decides how they are stored, shown and compared."""


@dataclass(frozen=True)
class Variant:
    """One way of making a model's artefacts; with a graph's name it identifies an artefact in a bundle."""

    format: str
    precision: Precision
    delegate: str | None = None
    """None where the format has no choice of delegates"""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.format, self.precision, self.delegate)))


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class MadeInVariant(_Part):
    """What is said of a graph, or of a whole model, in one variant."""

    format: str
    precision: Precision
    delegate: str | None = Field(description="Accelerated backend inside the format; null where there is no choice.")

    @property
    def variant(self) -> Variant:
        """What it is made in."""
        return Variant(self.format, self.precision, self.delegate)


def label_among(variants: Collection[Variant], variant: Variant) -> str:
    """What to call one of several variants: its format, with what tells it from others of that format."""
    same = [one for one in variants if one.format == variant.format]
    parts = [variant.format]
    if len({one.precision for one in same}) > 1:
        parts.append(variant.precision)
    if len({one.delegate for one in same}) > 1 and variant.delegate is not None:
        parts.append(variant.delegate)
    return " ".join(parts)


_MOST = 2**50
"""No number of anything here is larger."""
Count = Annotated[int, Field(ge=1, le=_MOST)]
"""How many there are of something"""
Amount = Annotated[int, Field(ge=0, le=_MOST)]
"""The same of what there may be none of"""


MOST_PARTS = 20
"""Of a path in a bundle: a package has five, with the bundle's own two"""


def _in_a_bundle(path: str) -> str:
    """The path itself; raises `ValueError` for one that leads out, and for one that not every system can have."""
    parts = path.split("/")
    if (
        not path.isprintable()
        or "\\" in path
        or len(parts) > MOST_PARTS
        or any(part in ("", ".", "..") for part in parts)
    ):
        raise ValueError("no path in a bundle")
    return path


InnerPath = Annotated[str, Field(max_length=1000), AfterValidator(_in_a_bundle)]
"""Of a file or package, relative to the bundle, with / between folders"""
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, as sha256sum has it.")]


class File(_Part):
    """A file of the bundle."""

    path: InnerPath = Field(description="Relative to the bundle, with / between folders.")
    bytes: Amount
    sha256: Digest


class TensorSpec(_Part):
    """An input or output of a graph."""

    name: str
    shape: tuple[Count, ...] = Field(max_length=6)
    dtype: Literal["float32", "image"] = Field(description="'image' is Core ML's image type, 8 bits a channel.")
    layout: str = Field(description="Names of the axes, for instance NCHW.")
    value_range: tuple[float, float] | None = Field(default=None, description="Least and greatest; null is unbounded.")
    kind: Kind = Field(
        description="What the numbers are. 'image' is RGB, 'class_scores' are logits of classes of which one is right "
        "(softmax), 'label_scores' those of labels that are each right or not (sigmoid), 'mask_logits' are "
        "positive on the object, 'memory' holds frames of a tracker, the prompted one by the sign of its mask."
    )
    meaning: str = Field(description="The same for people, with what the kind leaves open.")

    @model_validator(mode="after")
    def _fits_into_memory(self) -> TensorSpec:
        if prod(self.shape) > BUNDLE_VALUES.most:
            raise ValueError(f"{self.name} would have {prod(self.shape):,} values")
        return self


class ModelEntry(_Part):
    typed_name: str = Field(description="The name as it was asked for.")
    name: str = Field(description="The registry's name of what was exported.")
    family: str
    task: TaskName = Field(description="What the model is for, which decides its graphs and how they are judged.")
    paper: str
    image_size: int = Field(ge=1, le=IMAGE_SIZE.most, description="Side of the square input in pixels.")
    num_classes: int | None = Field(ge=1, le=CLASSES.most, description="null for a tracker.")
    parameters: Count


class Weights(_Part):
    kind: Literal["hub", "file", "seeded"]
    source: str = Field(description="Hub id, file name, or 'seeded', with what could not be had.")
    sha256: str
    trained: bool = Field(description="False for seeded weights: the outputs then mean nothing.")
    trained_at: Count | None = Field(description="Image size in pixels the weights were trained at; null is unknown.")
    key: str = Field(default="", description="Where in its file the weights were, joined by dots; empty: all of it.")


class Target(_Part):
    id: str
    name: str
    platform: str
    min_ios: Count = Field(description="Oldest iOS that Core ML files must load on.")


class Preprocessing(_Part):
    """How a photograph becomes the graph's input; normalisation is inside the graph and not listed."""

    resize: Literal["shorter_side_then_center_crop", "square"] = Field(
        description="'square' resizes to image_size x image_size and does not keep the aspect ratio."
    )
    crop_pct: float | None = Field(
        gt=0.1,
        le=1,
        description="Resize the shorter side to round-down(image_size / crop_pct), then crop; null without a crop.",
    )
    interpolation: Interpolation


class GraphEntry(_Part):
    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    vectors: InnerPath = Field(description="Conformance vectors: inputs and PyTorch's outputs, relative to the bundle.")


class Tolerance(_Part):
    """What an artefact may differ from PyTorch by and still pass."""

    relative: float = Field(description="Bound on max|a-b| / max|b| for every output over all vectors.")
    psnr: float | None = Field(
        description="PSNR in dB from which a memory passes whatever its worst element; null: none does."
    )
    top1: float = Field(description="Least share of vectors with the same best class.")
    labels: float = Field(description="Least share of labels that are judged alike.")
    mask_iou: float = Field(description="Least IoU of a mask, over all vectors.")


class Parity(_Part):
    """One output against PyTorch over all vectors; null where a value was not finite."""

    max_abs: float | None
    relative: float | None
    psnr: float | None = Field(
        description="20 log10(max|b| / root mean square of a-b) in dB; null too where the two are equal."
    )
    top1: float | None = Field(description="Share of vectors with the same best class; null without classes.")
    top5: float | None = Field(
        description="Mean share of the five best classes that both have; null where there are no more than five."
    )
    labels: float | None = Field(
        description="Share of labels that are judged alike, by a score above zero; null without label scores."
    )
    mask_iou: float | None = Field(description="Least IoU of a mask (of two empty ones 1); null where it is no mask.")
    per_vector: tuple[float | None, ...] = Field(description="max|a-b| / max|b|, one for each vector.")


class Verification(_Part):
    status: Literal["passed", "failed", "not executed"]
    runtime: str | None = Field(description="What ran the artefact from disk, with its version; null if nothing did.")
    tolerance: Tolerance
    vectors: Amount = Field(description="Conformance vectors that were run.")
    left_out: Amount = Field(default=0, description="Those that were not, because a slow runtime's time was up.")
    outputs: dict[str, Parity]
    by_psnr: tuple[str, ...] = Field(default=(), description="Outputs that passed by their PSNR, not by `relative`.")
    detail: str = Field(description="One sentence: what was checked, or what is wrong and by how much.")


class RolloutTolerance(_Part):
    """What a tracker's artefacts may see otherwise than PyTorch and still pass."""

    mask_iou: float = Field(description="Least IoU of a mask.")
    max_abs: float | None = Field(description="Greatest difference of a mask logit; null is no bound.")


class Rollout(MadeInVariant):
    """A variant's artefacts as a whole, on the bundle's sequence, against the official algorithm in PyTorch."""

    tolerance: RolloutTolerance
    status: Literal["passed", "failed"]
    runtime: str
    mask_iou: tuple[float, ...] = Field(
        description="IoU of the masks, one for each frame that was followed; of two empty masks 1."
    )
    max_abs: tuple[float | None, ...] = Field(description="max|a-b| of the mask logits, one for each frame.")
    left_out: Amount = Field(default=0, description="Frames that were not, because a slow runtime's time was up.")
    ms: dict[str, float] = Field(
        description="Graph -> median ms of a run on the exporting machine; empty where an interpreter ran it."
    )
    detail: str = Field(description="One sentence: what was checked, or what is wrong and by how much.")


class SequenceEntry(_Part):
    """The frames that a tracker's artefacts are verified on as a whole, with the official algorithm's answers."""

    file: InnerPath = Field(description="safetensors, relative to the bundle: frames, prompt and answers for each.")
    frames: Count
    covering: Amount = Field(description="Frames of which the reference mask covers 1 to 99 %; half must, to count.")


class Outside(_Part):
    """An operator that the delegate does not run: each call may end a delegated piece."""

    operator: str
    count: Amount
    macs: Amount = Field(description="Multiply-accumulates of all its calls.")
    where: tuple[str, ...] = Field(description="Modules of the model that it comes from.")


class Delegation(_Part):
    """How much of a program runs in the accelerated backend."""

    delegate: str
    operators: float = Field(description="Share of the program's operators that the delegate runs.")
    macs: float = Field(description="Share of the program's multiply-accumulates that the delegate runs.")
    pieces: Amount = Field(description="Delegated pieces; each further one costs a hand-over.")
    outside: tuple[Outside, ...] = Field(description="What the delegate does not run, most multiply-accumulates first.")


class Latency(_Part):
    ms: float
    low: float
    high: float
    source: str


class Artifact(MadeInVariant):
    """A graph in a variant; (format, precision, delegate, graph) occurs once in a bundle."""

    graph: str
    file: InnerPath = Field(description="A file, or a folder that is one package, relative to the bundle.")
    bytes: Amount = Field(description="Of the file, or of all files in the package.")
    toolchain: dict[str, str] = Field(description="Package versions that wrote it.")
    min_os: str | None
    compute_units: tuple[ComputeUnit, ...] = Field(description="Processors that the file may be run on.")
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    rewrites: tuple[str, ...] = Field(
        description="Passes that the program went through before it was lowered, in order."
    )
    operators: dict[str, Amount] = Field(description="Census of all operators, delegated or not.")
    delegation: Delegation | None
    verification: Verification
    latency: Latency | None = None


class Finding(MadeInVariant):
    """What may go wrong with a graph in a format on the device, though it agrees with PyTorch here."""

    rule: str = Field(description="Id of the rule, as docs/lint.md lists it.")
    severity: Severity
    graph: str
    seen_in: Literal["program", "artifact"] = Field(description="The captured program, or the file made of it.")
    count: Amount = Field(description="Operations that it is about.")
    where: tuple[str, ...] = Field(description="Modules of the model that they come from, or their names in the file.")
    detail: str = Field(description="What was found, with its figures.")
    reason: str
    advice: str = Field(description="What to do about it.")
    link: str = Field(description="Public issue or page that documents it.")


class Manifest(_Part):
    schema_version: Literal[7] = SCHEMA_VERSION
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
