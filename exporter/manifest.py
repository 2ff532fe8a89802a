"""What a bundle says about itself. docs/manifest.schema.json is generated from these models."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION: Literal[4] = 4
Precision = Literal["fp32", "fp16"]
Severity = Literal["error", "warning", "info"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TensorSpec(_Part):
    """An input or output of a graph."""

    name: str
    shape: tuple[int, ...]
    dtype: Literal["float32", "image"] = Field(description="'image' is Core ML's image type, 8 bits a channel.")
    layout: str = Field(description="Names of the axes, for instance NCHW.")
    value_range: tuple[float, float] | None = Field(default=None, description="Least and greatest; null is unbounded.")
    meaning: str

    @property
    def holds_class_scores(self) -> bool:
        """Whether the best class of this output means something."""
        return self.name == "logits"

    @property
    def holds_memory(self) -> bool:
        """Whether this output remembers a frame; a prompted one by the sign of each pixel of its mask."""
        return self.name == "next_memory"

    @property
    def holds_mask(self) -> bool:
        """Whether this output is a mask: positive on the object."""
        return self.name == "mask_logits"


class Model(_Part):
    typed_name: str = Field(description="The name as it was asked for.")
    name: str = Field(description="The registry's name of what was exported.")
    family: str
    paper: str
    image_size: int = Field(description="Side of the square input in pixels.")
    num_classes: int | None = Field(description="null for a tracker.")
    parameters: int


class Weights(_Part):
    kind: Literal["hub", "file", "seeded"]
    source: str = Field(description="Hub id, file name, or 'seeded', with what could not be had.")
    sha256: str
    trained: bool = Field(description="False for seeded weights: the outputs then mean nothing.")
    trained_at: int | None = Field(description="Image size in pixels the weights were trained at; null is unknown.")


class Target(_Part):
    id: str
    name: str
    platform: str
    min_ios: int = Field(description="Oldest iOS that Core ML files must load on.")


class Preprocessing(_Part):
    """How a photograph becomes the graph's input; normalisation is inside the graph and not listed."""

    resize: Literal["shorter_side_then_center_crop", "square"] = Field(
        description="'square' resizes to image_size x image_size and does not keep the aspect ratio."
    )
    crop_pct: float | None = Field(
        description="Resize the shorter side to round-down(image_size / crop_pct), then crop; null without a crop."
    )
    interpolation: str


class Graph(_Part):
    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    vectors: str = Field(description="Conformance vectors: inputs and PyTorch's outputs, relative to the bundle.")
    vectors_sha256: str


class Tolerance(_Part):
    """What an artefact may differ from PyTorch by and still pass."""

    relative: float = Field(description="Bound on max|a-b| / max|b| for every output over all vectors.")
    psnr: float | None = Field(
        description="PSNR in dB from which a memory passes whatever its worst element; null: none does."
    )
    top1: float = Field(description="Least share of vectors with the same best class.")
    mask_iou: float = Field(description="Least IoU of a mask, over all vectors.")


class Parity(_Part):
    """One output against PyTorch over all vectors; null where a value was not finite."""

    max_abs: float | None
    relative: float | None
    psnr: float | None = Field(
        description="20 log10(max|b| / root mean square of a-b) in dB; null too where the two are equal."
    )
    top1: float | None = Field(description="Share of vectors with the same best class; null without classes.")
    top5: float | None = Field(description="Mean share of the five best classes that both have; null without classes.")
    mask_iou: float | None = Field(description="Least IoU of a mask (of two empty ones 1); null where it is no mask.")
    per_vector: tuple[float | None, ...] = Field(description="max|a-b| / max|b|, one for each vector.")


class Verification(_Part):
    status: Literal["passed", "failed", "not executed"]
    runtime: str | None = Field(description="What ran the artefact from disk, with its version; null if nothing did.")
    tolerance: Tolerance
    vectors: int = Field(description="Conformance vectors that were run.")
    left_out: int = Field(default=0, description="Those that were not, because a slow runtime's time was up.")
    outputs: dict[str, Parity]
    by_psnr: tuple[str, ...] = Field(default=(), description="Outputs that passed by their PSNR, not by `relative`.")
    detail: str = Field(description="One sentence: what was checked, or what is wrong and by how much.")


class RolloutTolerance(_Part):
    """What a tracker's artefacts may see otherwise than PyTorch and still pass."""

    mask_iou: float = Field(description="Least IoU of a mask.")
    max_abs: float | None = Field(description="Greatest difference of a mask logit; null is no bound.")


class Rollout(_Part):
    """A format's artefacts as a whole, on the bundle's sequence, against the official algorithm in PyTorch."""

    format: str
    precision: Precision
    tolerance: RolloutTolerance
    status: Literal["passed", "failed"]
    runtime: str
    mask_iou: tuple[float, ...] = Field(
        description="IoU of the masks, one for each frame that was followed; of two empty masks 1."
    )
    max_abs: tuple[float | None, ...] = Field(description="max|a-b| of the mask logits, one for each frame.")
    left_out: int = Field(default=0, description="Frames that were not, because a slow runtime's time was up.")
    ms: dict[str, float] = Field(
        description="Graph -> median ms of a run on the exporting machine; empty where an interpreter ran it."
    )
    detail: str = Field(description="One sentence: what was checked, or what is wrong and by how much.")


class Sequence(_Part):
    """The frames that a tracker's artefacts are verified on as a whole, with the official algorithm's answers."""

    file: str = Field(description="safetensors, relative to the bundle: frames, prompt and answers of every frame.")
    sha256: str
    frames: int
    covering: int = Field(description="Frames of which the reference mask covers 1 to 99 %; half must, to count.")


class Outside(_Part):
    """An operator that the delegate does not run: each call may end a delegated piece."""

    operator: str
    count: int
    macs: int = Field(description="Multiply-accumulates of all its calls.")
    where: tuple[str, ...] = Field(description="Modules of the model that it comes from.")


class Delegation(_Part):
    """How much of a program runs in the accelerated backend."""

    delegate: str
    operators: float = Field(description="Share of the program's operators that the delegate runs.")
    macs: float = Field(description="Share of the program's multiply-accumulates that the delegate runs.")
    pieces: int = Field(description="Delegated pieces; each further one costs a hand-over.")
    outside: tuple[Outside, ...] = Field(description="What the delegate does not run, most multiply-accumulates first.")


class Latency(_Part):
    ms: float
    low: float
    high: float
    source: str


class Artifact(_Part):
    format: str
    graph: str
    file: str
    sha256: str
    bytes: int
    precision: Precision
    toolchain: dict[str, str] = Field(description="Package versions that wrote it.")
    min_os: str | None
    compute_units: str | None
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    rewrites: tuple[str, ...] = Field(
        description="Passes that the program went through before it was lowered, in order."
    )
    operators: dict[str, int] = Field(description="Census of all operators, delegated or not.")
    delegation: Delegation | None
    verification: Verification
    latency: Latency | None = None


class Finding(_Part):
    """What may go wrong with a graph in a format on the device, though it agrees with PyTorch here."""

    rule: str = Field(description="Id of the rule, as docs/lint.md lists it.")
    severity: Severity
    format: str
    graph: str
    seen_in: Literal["program", "artifact"] = Field(description="The captured program, or the file made of it.")
    count: int = Field(description="Operations that it is about.")
    where: tuple[str, ...] = Field(description="Modules of the model that they come from, or their names in the file.")
    detail: str = Field(description="What was found, with its figures.")
    reason: str
    advice: str = Field(description="What to do about it.")
    link: str = Field(description="Public issue or page that documents it.")


class Manifest(_Part):
    schema_version: Literal[4] = SCHEMA_VERSION
    created: str = Field(description="ISO 8601, UTC.")
    provenance: dict[str, str] = Field(description="Versions of vitexport and of what it ran on.")
    model: Model
    weights: Weights
    target: Target
    preprocessing: Preprocessing
    formats: tuple[str, ...]
    graphs: tuple[Graph, ...]
    artifacts: tuple[Artifact, ...]
    state: dict[str, str] = Field(default={}, description="Output -> the input that it is in the next step.")
    sequence: Sequence | None = None
    rollouts: tuple[Rollout, ...] = ()
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...]

    @property
    def task(self) -> Literal["classify", "track"]:
        """What the model is for."""
        return "classify" if self.sequence is None else "track"

    def measured_again(self, verifications: Iterable[Verification], rollouts: Iterable[Rollout]) -> Manifest:
        """The same bundle with other results: one verification for each artefact, in order."""
        artifacts = tuple(
            artifact.model_copy(update={"verification": verification})
            for artifact, verification in zip(self.artifacts, verifications, strict=True)
        )
        return self.model_copy(update={"artifacts": artifacts, "rollouts": tuple(rollouts)})


def json_schema() -> str:
    """JSON Schema of the manifest, as kept in docs/manifest.schema.json."""
    return json.dumps(Manifest.model_json_schema(mode="serialization"), indent=2) + "\n"
