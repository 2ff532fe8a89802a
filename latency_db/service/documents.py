"""What the service answers, as JSON; the OpenAPI document is made of these.

Times are milliseconds, sizes the side of the image in pixels; null is what nobody stated.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from device_profiles.schema import Platform
from device_profiles.vocabulary import Runtime
from latency_db.measurement import NumberFormat, Quality, SourceKind, SubjectKind, Thermal, Unit


class Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProblemDocument(BaseModel):
    """RFC 9457"""

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    status: int
    detail: str
    """One sentence: what is wrong, and what to do"""
    errors: tuple[dict[str, str], ...] = ()
    """Of a request that has several: where, and what"""


class DeviceDocument(Document):
    id: str
    name: str
    platform: Platform | None
    soc: str | None
    year: int | None
    profile: bool
    """Whether it can be estimated; others were only measured."""
    formats: tuple[str, ...]
    """That it prefers"""
    measured: bool
    """Whether the database has rows of it"""


class Devices(Document):
    devices: tuple[DeviceDocument, ...]


class ModelDocument(Document):
    id: str
    family: str | None
    task: Literal["classify", "track"] | None
    sizes: tuple[int, ...]
    """At which it can be estimated"""
    usual_size: int | None
    params_m: float | None
    """Millions"""
    top1: float | None
    """ImageNet-1k top-1 in percent at the usual size, as published"""
    registered: bool
    """Whether it can be estimated; others were only measured."""
    measured: bool


class Models(Document):
    models: tuple[ModelDocument, ...]


class Interval(Document):
    """Nine times in ten it is between low and high."""

    ms: float
    low: float
    high: float
    method: str


class KernelDocument(Interval):
    """A kernel of a graph; ms of one run."""

    graph: str
    kind: str
    key: str
    count: int
    """How often the graph has it"""


class Conditions(Document):
    runtime: Runtime | None
    unit: Unit | None
    precision: NumberFormat | None
    cores: str | None
    threads: int | None


class EstimateDocument(Interval, Conditions):
    device: str
    reason: str
    """What it rests on, and what is doubtful"""
    coverage: float
    """Share of the time in kernels that were measured"""
    kernels: tuple[KernelDocument, ...]


class PublishedDocument(Document):
    model: str
    published_as: str
    size: int | None
    precision: str
    device: str
    os: str
    runtime: str
    backend: str
    runtime_version: str
    unit: str
    ms: float
    reference: str
    licence: str
    note: str
    flag: str
    """What is doubtful, or nothing"""
    flag_reason: str
    usable: bool
    """Whether it may enter an estimate"""


class LatencyDocument(EstimateDocument):
    model: str
    size: int
    published: tuple[PublishedDocument, ...]
    """Of the model on the device, those that were left out too"""


class Published(Document):
    model: str
    rows: tuple[PublishedDocument, ...]


class ParetoDocument(Interval):
    model: str
    size: int
    top1: float
    front: bool
    """Whether none is both faster and more accurate"""


class Pareto(Document):
    device: str
    runtime: Runtime | None
    unit: Unit | None
    precision: NumberFormat | None
    models: tuple[ParetoDocument, ...]
    unknown: tuple[str, ...]
    """Why some are missing"""


class ComparedDocument(Document):
    subject: str
    runtime: Runtime | None
    unit: Unit | None
    precision: NumberFormat | None
    threads: int | None
    measured: float
    predicted: float
    """Without what was measured of this model"""
    low: float
    high: float
    method: str
    inside: bool
    quality: Quality | None
    source: str


class Compared(Document):
    device: str
    rows: tuple[ComparedDocument, ...]


class AdviceDocument(Interval):
    device: str
    format: str
    unit: Unit
    precision: NumberFormat
    size: int
    fps: float
    reaches: bool
    surely: bool
    """With the whole interval"""
    vague: bool
    """So little is known that neither yes nor no would be honest."""
    reason: str


class AdviceOfModel(Document):
    model: str
    fps: float
    rows: tuple[AdviceDocument, ...]
    by_vendors: tuple[AdviceDocument, ...]
    """On NPUs, with a delegate of the chip's vendor that no bundle has"""
    unknown: tuple[str, ...]
    unknown_devices: tuple[str, ...]


class SourceDocument(Document):
    kind: SourceKind
    reference: str
    licence: str


class MeasurementDocument(Conditions):
    id: int
    device: str
    soc: str
    kind: SubjectKind
    subject: str
    runtime_version: str
    delegate: str
    os: str
    method: str
    ms: float
    p50: float | None
    p90: float | None
    p99: float | None
    mean: float | None
    std: float | None
    n: int | None
    warmup: int | None
    thermal: Thermal | None
    quality: Quality | None
    note: str
    source: SourceDocument
    measured_at: datetime | None
    added_at: datetime
    corrects: int | None
    """The id of the row in whose place it is"""


class Measurements(Document):
    rows: tuple[MeasurementDocument, ...]
    """The newest first"""
    next: int | None
    """Pass it as `before` for those that come after; null at the end"""


Verdict = Literal["as expected", "slower", "faster", "suspect", "not known"]


class JudgedDocument(Document):
    id: int | None
    subject: str
    ms: float
    quality: Quality | None
    note: str
    expected: Interval | None
    """Of graphs, from all that is known but of the model itself"""
    verdict: Verdict


class PostDocument(Document):
    id: str
    """SHA-256 of what was posted"""
    added: bool
    """Whether it is new"""
    rows: tuple[JudgedDocument, ...]


class ManifestDocument(Document):
    sha256: str
    kind: Literal["bundle", "pack"]
    added: bool


class Health(Document):
    status: Literal["ok"]
    version: str
    database: str
    """sqlite or postgresql"""
