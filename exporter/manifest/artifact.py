"""What a manifest says of an artefact: its file, how it was made, and what lint found in it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from device_profiles.vocabulary import ComputeUnit
from exporter.manifest.model import TensorSpec
from exporter.manifest.parity import Verification
from exporter.manifest.part import Amount, Digest, InnerPath, MadeInVariant, Part

Severity = Literal["error", "warning", "info"]
Milliseconds = Annotated[float, Field(ge=0, le=1e9)]


class File(Part):
    """A file of the bundle."""

    path: InnerPath = Field(description="Relative to the bundle, with / between folders.")
    bytes: Amount
    sha256: Digest


class Outside(Part):
    """An operator that the delegate does not run: each call may end a delegated piece."""

    operator: str
    count: Amount
    macs: Amount = Field(description="Multiply-accumulates of all its calls.")
    where: tuple[str, ...] = Field(description="Modules of the model that it comes from.")


class Delegation(Part):
    """How much of a program runs in the accelerated backend."""

    delegate: str
    operators: float = Field(description="Share of the program's operators that the delegate runs.")
    macs: float = Field(description="Share of the program's multiply-accumulates that the delegate runs.")
    pieces: Amount = Field(description="Delegated pieces; each further one costs a hand-over.")
    outside: tuple[Outside, ...] = Field(description="What the delegate does not run, most multiply-accumulates first.")


class Latency(Part):
    """What a graph, or all that run for an image, are expected to take on the target: ms."""

    ms: Milliseconds
    low: Milliseconds = Field(description="Nine times in ten it is between this and `high`.")
    high: Milliseconds
    method: str = Field(description="How it was found, such as 'kernel table'; docs/latency.md tells them apart.")
    detail: str = Field(description="What it rests on, and what is doubtful.")
    kernels: dict[str, Milliseconds] = Field(
        description="Kind of kernel -> ms of all of that kind; what they lack of `ms` is overhead."
    )
    kernels_by: str = Field(description="How the kernels' share was found; 'share of the total' was not measured.")


class FrameLatency(MadeInVariant):
    """What a variant is expected to take on the target for one image or frame."""

    unit: Literal[ComputeUnit, "all"] = Field(description="Processor, or 'all' where the runtime chooses.")
    cores: str = Field(description="Such as '1large'; empty where it is no CPU, or the system chooses.")
    graphs: tuple[str, ...] = Field(min_length=1, description="Those that run once for each image or frame.")
    latency: Latency | None
    missing: str | None = Field(description="Why there is none, in one sentence; null where there is one.")


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
    latency: Latency | None = Field(
        default=None,
        description="Of this graph alone; null where only all that run for an image are known, or nothing.",
    )


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
