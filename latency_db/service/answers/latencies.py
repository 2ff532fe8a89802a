"""What models and kernels are expected to take."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import islice
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends
from pydantic import Field, model_validator
from starlette.responses import Response

from device_profiles.vocabulary import Runtime
from latency_db import measurement
from latency_db.estimator.estimate import Estimate
from latency_db.estimator.workload import Workload
from latency_db.kernel import Kernel
from latency_db.published.imported import as_published
from latency_db.published.rows import PublishedRow, find
from latency_db.registered import RegisteredModel, shipped_index
from latency_db.service.answers.parts import (
    Asked,
    DeviceName,
    ModelName,
    Service,
    Size,
    kept,
    problems,
    refused,
    sent,
    stated,
)
from latency_db.service.documents import (
    Document,
    EstimateDocument,
    KernelDocument,
    LatencyDocument,
    Pareto,
    ParetoDocument,
    Published,
    PublishedDocument,
)
from latency_db.service.estimates import (
    Made,
    conditions_of,
    models_named,
    profile_of,
    size_of,
)

router = APIRouter(prefix="/v1", tags=["latencies"])

KERNELS = 10_000
"""At once, each as often as it is there"""
_IMPORTED = 500
"""Imported rows of one model"""

Stated = Annotated[measurement.Conditions, Depends(stated)]


class _Posted(Document):
    """What is posted with a question. A list of all that is wrong with a large one would take gigabytes."""

    @model_validator(mode="before")
    @classmethod
    def _has_only_known_fields(cls, given: Any) -> Any:
        if isinstance(given, dict) and (unknown := given.keys() - cls.model_fields):
            raise ValueError(f"there is no field {min(unknown)[:60]!r}")
        return given


class PricedKernel(_Posted):
    """A kernel, as often as it is there."""

    key: Annotated[str, Field(min_length=1, max_length=400, examples=["linear 1x49x448>1x49x1792 linear float32"])]
    count: Annotated[int, Field(ge=1, le=KERNELS)] = 1


class Kernels(_Posted):
    """Kernels that run one after the other on a device."""

    device: Annotated[str, Field(min_length=1, max_length=200, examples=["pixel8"])]
    runtime: Runtime
    unit: measurement.Unit | None = None
    precision: measurement.NumberFormat | None = None
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    cores: Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9]*$")] = ""
    kernels: Annotated[tuple[PricedKernel, ...], Field(min_length=1, max_length=KERNELS, fail_fast=True)]

    @model_validator(mode="after")
    def _are_no_more_than_are_priced(self) -> Self:
        count = sum(one.count for one in self.kernels)
        if count > KERNELS:
            raise ValueError(f"these are {count:,} kernels, and {KERNELS:,} are priced at once")
        return self


@router.get(
    "/latency", response_model=LatencyDocument, responses=problems(404, 422), summary="What a model takes on a device"
)
async def latency(
    of: Asked, model: ModelName, device: DeviceName, conditions: Stated, size: Size | None = None
) -> Response:
    profile, side = profile_of(device), size_of(model, size)
    return await of.estimated(_latency, model, side, profile.id, conditions_of(profile, conditions))


def _latency(of: Service, model: str, side: int, device: str, asked: measurement.Conditions) -> Response:
    with refused():
        made = of.estimates.of(model, side, device, asked, of.estimates.known(device))
        found = made.estimate

    def shown() -> LatencyDocument:
        rows = tuple(map(as_document, found.rows))
        return LatencyDocument(model=model, size=side, published=rows, **estimate_fields(found, device))

    return kept(of, ("latency", made.number), shown)


@router.post(
    "/estimate",
    response_model=EstimateDocument,
    responses=problems(400, 404, 408, 413, 422),
    summary=f"What up to {KERNELS:,} kernels take on a device",
)
async def estimate(of: Asked, given: Kernels) -> Response:
    return await of.in_thread(of.pricing, _estimate, of, profile_of(given.device).id, given)


def _estimate(of: Service, device: str, given: Kernels) -> Response:
    with refused():
        conditions = measurement.Conditions(
            given.runtime, given.unit, given.precision, threads=given.threads, cores=given.cores
        )
        kernels = [Kernel.of_key(one.key) for one in given.kernels]
        for kernel in kernels:
            kernel.check_extents()
        counted = tuple(kernel for kernel, one in zip(kernels, given.kernels, strict=True) for _ in range(one.count))
        found = of.estimates.of_kernels(Workload({"kernels": counted}), device, conditions)
    return sent(EstimateDocument(**estimate_fields(found, device)))


@router.get("/published", response_model=Published, responses=problems(404, 422), summary="What others published")
async def published(of: Asked, model: ModelName) -> Response:
    models_named(model)
    return await of.soon(of.looking, _published, model)


def _published(of: Service, model: str) -> Response:
    names = shipped_index().published_names(model)
    rows = [row for name in names for row in find(name)]
    for name in names:
        imported = of.store.measurements(name=name, kind="model", source_kind="published")
        rows += [as_published(record.measurement) for record in islice(imported, _IMPORTED)]
    return sent(Published(model=model, rows=tuple(map(as_document, rows))))


@router.get(
    "/pareto",
    response_model=Pareto,
    responses=problems(404, 422),
    summary="Latency against accuracy of known models on a device",
)
async def pareto(of: Asked, device: DeviceName, conditions: Stated) -> Response:
    profile = profile_of(device)
    return await of.estimated(_pareto, profile.id, conditions_of(profile, conditions))


def _pareto(of: Service, device: str, asked: measurement.Conditions) -> Response:
    known = of.estimates.known(device)
    made = [(one, of.estimates.of(one.name, one.size, device, asked, known)) for one in _of_known_accuracy()]
    numbers = tuple(each.number for _, each in made)
    return kept(of, ("pareto", device, asked, numbers), lambda: _front(made, device, asked))


@cache
def _of_known_accuracy() -> tuple[RegisteredModel, ...]:
    """Models at the size that their accuracy is of."""
    models = shipped_index().models.values()
    return tuple(one for one in models if one.top1 is not None and one.size == one.usual_size)


def _front(models: Sequence[tuple[RegisteredModel, Made]], device: str, asked: measurement.Conditions) -> Pareto:
    found, unknown = list[tuple[RegisteredModel, Estimate]](), dict[str, None]()
    for one, made in models:
        try:
            found.append((one, made.estimate))
        except ValueError as nothing:  # of which `NoEstimate` is one
            unknown[str(nothing)] = None
    best, shown = 0.0, list[ParetoDocument]()
    for one, took in sorted(found, key=lambda row: (row[1].ms, -(row[0].top1 or 0))):
        top1 = one.top1 or 0
        shown.append(
            ParetoDocument(
                model=one.name, size=one.size, top1=top1, ms=took.ms, low=took.low, high=took.high,
                method=took.method, front=top1 > best,
            )
        )  # fmt: skip
        best = max(best, top1)
    settled = found[0][1].conditions if found else asked
    return Pareto(
        device=device, runtime=settled.runtime, unit=settled.unit, precision=settled.precision, models=tuple(shown),
        unknown=tuple(unknown),
    )  # fmt: skip


def estimate_fields(found: Estimate, device: str) -> dict[str, Any]:
    """Of an `EstimateDocument`."""
    had = found.conditions
    return {
        "device": device,
        "runtime": had.runtime,
        "unit": had.unit,
        "precision": had.precision,
        "cores": had.cores or None,
        "threads": had.threads,
        "ms": found.ms,
        "low": found.low,
        "high": found.high,
        "method": found.method,
        "reason": found.reason,
        "coverage": found.coverage,
        "kernels": tuple(
            KernelDocument(
                graph=one.graph, kind=one.kernel.kind, key=one.kernel.key, count=one.count, ms=one.ms, low=one.low,
                high=one.high, method=one.method,
            ) for one in found.kernels
        ),
    }  # fmt: skip


def as_document(row: PublishedRow) -> PublishedDocument:
    """With whether it may be used."""
    return PublishedDocument(**{name: getattr(row, name) for name in PublishedDocument.model_fields})
