"""What was measured on a device, beside what would be expected of it had nobody measured that model."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from fastapi import APIRouter
from starlette.responses import Response

from latency_db.service.answers.parts import Asked, DeviceName, Service, kept, problems
from latency_db.service.documents import Compared, ComparedDocument
from latency_db.service.estimates import profile_of
from latency_db.service.rows_of_devices import KnownRows

router = APIRouter(prefix="/v1", tags=["measurements"])

_MOST = 300
"""Rows of an answer"""


@router.get(
    "/compared", response_model=Compared, responses=problems(404, 422), summary="Predicted against measured on a device"
)
async def compared(of: Asked, device: DeviceName) -> Response:
    return await of.in_thread(of.computing, _compared, of, profile_of(device).id)


def _compared(of: Service, device: str) -> Response:
    known = of.estimates.known(device)
    return kept(
        of,
        ("compared", device, known.last_id),
        lambda: Compared(device=device, rows=tuple(islice(_beside(of, known), _MOST))),
    )


def _beside(of: Service, known: KnownRows) -> Iterator[ComparedDocument]:
    for row in known.all():
        found = of.estimates.without(row, known)
        if found is None:
            continue
        had = row.conditions
        yield ComparedDocument(
            subject=row.subject.key,
            runtime=had.runtime,
            unit=had.unit,
            precision=had.precision,
            threads=had.threads,
            measured=row.latency.ms,
            predicted=found.ms,
            low=found.low,
            high=found.high,
            method=found.method,
            inside=found.low <= row.latency.ms <= found.high,
            quality=row.quality,
            source=row.source.reference,
        )
