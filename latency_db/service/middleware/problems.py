"""What is raised before a request reaches the application becomes a problem document, too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from latency_db.service.problems import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send


class Problems:
    """Answers in place of an application that raised a `Problem`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Problem as problem:
            await response(problem)(scope, receive, send)


def response(problem: Problem) -> Response:
    """A problem as an answer."""
    from starlette.responses import Response

    content = json.dumps(problem.document, ensure_ascii=False)
    return Response(content, problem.status, problem.headers, MEDIA_TYPE)
