"""Pages of other origins may post what they measured, as the web app does, and read nothing but the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PATHS = frozenset({"/v1/measurements", "/v1/measurements/check"})


class PostingPages:
    """Answers browsers that ask whether a page may post. Who posts has a token, which no browser sends by itself."""

    def __init__(self, app: ASGIApp) -> None:
        from starlette.middleware.cors import CORSMiddleware

        self._app = app
        self._open = CORSMiddleware(
            app, allow_origins=["*"], allow_methods=["POST"], allow_headers=["Authorization", "Content-Type"]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        posting = scope["type"] == "http" and scope["path"] in PATHS and scope["method"] in ("POST", "OPTIONS")
        await (self._open if posting else self._app)(scope, receive, send)
