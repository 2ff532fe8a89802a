"""What was measured: asked for in pages, and posted by apps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any

from anyio import CapacityLimiter
from fastapi import APIRouter, Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic_core import to_json
from starlette.responses import Response

import device_profiles
from device_profiles.vocabulary import Runtime
from latency_db.measurement import NumberFormat, Quality, SourceKind, SubjectKind, Unit
from latency_db.service.answers.parts import Asked, DeviceName, ModelName, Service, problems, sent
from latency_db.service.documents import (
    ManifestDocument,
    Measurements,
    PostDocument,
)
from latency_db.service.middleware.counted import ROWS
from latency_db.service.posts import check, take, take_manifest
from latency_db.service.problems import Problem
from latency_db.store.filters import Where

router = APIRouter(prefix="/v1", tags=["measurements"])

_MOST_ID = 2**62
_SHORT_BYTES = 4_096
"""Of a bundle's result, of which the verdict is told at once; a pack has more kernels than can be looked through"""


def _body(schema: dict[str, str]) -> dict[str, Any]:
    """For the OpenAPI document: what is posted is read as bytes, whose hash is its name."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_bearer = HTTPBearer(auto_error=False, description="`vitexport serve token add NAME` makes one")


async def holder(of: Asked, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
    """The name of the token that a request has. Raises `Problem`."""
    found = await of.short(of.store.tokens.holder, given.credentials) if given else None
    if found is None:
        what = "is not valid, or was revoked" if given else "is missing"
        raise Problem(
            401,
            f"The token {what}: send one that `vitexport serve token add NAME` made, as Authorization: Bearer TOKEN.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return found


@router.get("/measurements", response_model=Measurements, responses=problems(422), summary="What was measured")
async def measurements(
    of: Asked,
    device: DeviceName | None = None,
    model: ModelName | None = None,
    kind: SubjectKind | None = None,
    runtime: Runtime | None = None,
    unit: Unit | None = None,
    precision: NumberFormat | None = None,
    quality: Quality | None = None,
    source: SourceKind | None = None,
    limit: Annotated[int, Query(description="Rows of a page, at most", ge=1, le=500)] = 50,
    before: Annotated[int, Query(description="`next` of the page before", ge=1, le=_MOST_ID)] | None = None,
) -> Response:
    """The newest first; a row that was corrected is left out, and what stands in its place is there."""
    asked = {
        "device": device and _id_of(device), "name": model, "kind": kind, "runtime": runtime, "unit": unit,
        "precision": precision, "quality": quality, "source_kind": source,
    }  # fmt: skip
    where: Where = {name: value for name, value in asked.items() if value is not None}  # type: ignore[assignment]
    page = await of.soon(of.looking, _page, limit, before, where)
    return Response(page, media_type="application/json")


def _id_of(device: str) -> str:
    """A device that has a profile has several names; others have none but their id."""
    with suppress(device_profiles.UnknownDevice):
        return device_profiles.load(device).id
    return device


def _page(of: Service, limit: int, before: int | None, where: Where) -> bytes:
    found = of.store.pages.newest(limit + 1, before, **where)
    following = found[limit - 1]["id"] if len(found) > limit else None
    return to_json({"rows": list(map(_document, found[:limit])), "next": following})


@router.post(
    "/measurements",
    response_model=PostDocument,
    status_code=201,
    responses=problems(401, 408, 413, 422)
    | {200: {"model": PostDocument, "description": "The same bytes were posted before"}},
    openapi_extra=_body({"$ref": "#/components/schemas/Result"}),
    summary="Post the result of a benchmark",
)
async def post(of: Asked, request: Request, token: Annotated[str, Depends(holder)]) -> Response:
    content = await request.body()
    document = await _told(of, of.posting, take, content, token)
    if document.added:
        for row in document.rows:
            ROWS.labels(row.quality or "not checked").inc()
    return sent(document, 201 if document.added else 200)


@router.post(
    "/measurements/check",
    response_model=PostDocument,
    responses=problems(408, 413, 422),
    openapi_extra=_body({"$ref": "#/components/schemas/Result"}),
    summary="What posting a result would say; nothing is kept",
)
async def checked(of: Asked, request: Request) -> Response:
    content = await request.body()
    return sent(await _told(of, of.pricing, check, content))


async def _told(
    of: Service, limiter: CapacityLimiter, make: Callable[..., PostDocument], content: bytes, *given: str
) -> PostDocument:
    """What to think of a result: at once of a short one."""

    def made(service: Service) -> PostDocument:
        return make(content, *given, service.store, service.estimates)

    short = len(content) <= _SHORT_BYTES and b"pack_sha256" not in content
    return await (of.soon(limiter, made) if short else of.in_thread(limiter, made, of))


@router.post(
    "/manifests",
    response_model=ManifestDocument,
    status_code=201,
    responses=problems(401, 408, 413, 422) | {200: {"model": ManifestDocument, "description": "It was posted before"}},
    openapi_extra=_body({"type": "object"}),
    summary="Post the manifest.json of a bundle or a kernel pack, which results are of",
)
async def manifest(of: Asked, request: Request, token: Annotated[str, Depends(holder)]) -> Response:
    content = await request.body()
    document = await of.in_thread(of.posting, take_manifest, content, token, of.store)
    return sent(document, 201 if document.added else 200)


def _document(row: dict[str, Any]) -> dict[str, Any]:
    """A `MeasurementDocument`, made of a row as the database has it, where all was checked when it came."""
    row["source"] = {"kind": row["source"], "reference": row.pop("reference"), "licence": row.pop("licence")}
    figure = row.pop("figure")
    row["ms"] = next(ms for ms in (row["p50"], row["mean"], figure) if ms is not None)
    row["cores"] = row["cores"] or None
    return row
