"""The service as an ASGI application: who answers what, and what all requests go through."""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from latency_db.importers.app_json import Result
from latency_db.service.answers import advice, catalogue, compared, health, latencies, measured
from latency_db.service.answers.parts import Service
from latency_db.service.documents import ProblemDocument
from latency_db.service.estimates import Estimates
from latency_db.service.kept import Kept
from latency_db.service.middleware.bodies import Bodies
from latency_db.service.middleware.counted import Counted
from latency_db.service.middleware.headers import Headers
from latency_db.service.middleware.heads import Heads
from latency_db.service.middleware.hosts import Hosts
from latency_db.service.middleware.posting_pages import PostingPages
from latency_db.service.middleware.problems import Problems, response
from latency_db.service.problems import Problem
from latency_db.service.rows_of_devices import RowsOfDevices
from latency_db.store import StoreError
from latency_db.store.store import Store

ASK_AGAIN = "no-cache"
LOG = logging.getLogger("vitexport.service")
PAGE = Path(__file__).parent / "page"
_ANSWERS = 5_000
"""Whole answers that are kept; one has up to 40 KB."""
_ERRORS = 20
"""Of one request that are told"""
_SCHEMAS = "#/components/schemas/{model}"


def application(store: Store, names: Collection[str] = ()) -> ASGIApp:
    """Over an open database, for who asks for one of these host names; for anybody without names."""
    api = FastAPI(
        title="vitexport latency service",
        summary="Latencies of vision transformers on devices: measured, published and estimated",
        version="1",
        docs_url=None,  # its page is of a CDN
        redoc_url=None,
    )
    api.state.service = Service(store, Estimates(RowsOfDevices(store)), Kept[bytes](_ANSWERS))
    for part in (catalogue, latencies, advice, compared, measured, health):
        api.include_router(part.router)
    api.mount("/page", _Page(directory=PAGE))
    api.add_api_route("/", _index, include_in_schema=False)
    api.add_exception_handler(Problem, _answered)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _refused)
    api.add_exception_handler(StoreError, _without_database)
    api.add_exception_handler(Exception, _failed)
    own_schema = api.openapi
    api.openapi = lambda: _with_schemas(own_schema())  # type: ignore[method-assign]
    return Headers(Heads(Counted(PostingPages(Problems(Hosts(Bodies(api), names))))))


class _Page(StaticFiles):
    """Files of which a browser asks each time whether they are still the same, as after an upgrade they are not."""

    def file_response(self, *arguments: Any, **named: Any) -> Response:
        response = super().file_response(*arguments, **named)
        response.headers["Cache-Control"] = ASK_AGAIN
        return response


def _index() -> FileResponse:
    return FileResponse(PAGE / "index.html", headers={"Cache-Control": ASK_AGAIN})


def _answered(request: Request, error: Any) -> Response:
    return response(error)


def _invalid(request: Request, error: Any) -> Response:
    """The parameters that are wrong, and the first of them as the sentence."""
    told = error.errors()[:_ERRORS]
    errors = [{"where": ".".join(map(str, one["loc"])), "what": str(one["msg"])} for one in told]
    first = f"{errors[0]['where']}: {errors[0]['what']}"
    return response(Problem(422, f"The request is not understood ({first}): see /openapi.json.", errors=errors))


def _refused(request: Request, error: Any) -> Response:
    """What the framework itself refuses: paths, methods, and bodies that are no JSON."""
    details = {
        400: "The body is no JSON: send what /openapi.json says.",
        404: "There is nothing under this path: see /openapi.json.",
        405: "This path does not know that method: see /openapi.json.",
    }
    return response(
        Problem(error.status_code, details.get(error.status_code, str(error.detail)), headers=error.headers)
    )


def _without_database(request: Request, error: Any) -> Response:
    LOG.error("%s", error)
    detail = "The latency database cannot be used now: try again later."
    return response(Problem(503, detail, headers={"Retry-After": "10"}))


def _failed(request: Request, error: Any) -> Response:
    """Starlette raises it once more, and uvicorn would show it, were it not told to be quiet."""
    LOG.error("An answer failed", exc_info=error)
    return response(Problem(500, "This is a fault of the service: its log says more."))


def _with_schemas(document: dict[str, Any]) -> dict[str, Any]:
    """With those of results and problems, which FastAPI does not see."""
    schemas = document["components"]["schemas"]
    if "Result" not in schemas:
        result = TypeAdapter(Result).json_schema(ref_template=_SCHEMAS)
        schemas |= result.pop("$defs") | {"Result": result}
        schemas[ProblemDocument.__name__] = ProblemDocument.model_json_schema(ref_template=_SCHEMAS)
    return document
