"""Whether it works, and how much it has to do."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from latency_db.service.answers.parts import Asked, problems, sent
from latency_db.service.documents import Health
from latency_db.service.middleware.counted import exposition

router = APIRouter(tags=["health"])

_VERSION = version("vitexport")


@router.get("/healthz", response_model=Health, responses=problems(503), summary="Whether the database answers")
async def healthz(of: Asked) -> Response:
    await of.short(of.store.answers)
    return sent(Health(status="ok", version=_VERSION, database=of.store.kind))


@router.get("/metrics", response_class=Response, summary="Figures for Prometheus")
async def metrics() -> Response:
    return Response(exposition(), media_type=CONTENT_TYPE_LATEST)
