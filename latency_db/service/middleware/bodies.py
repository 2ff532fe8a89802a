"""Bodies are read whole, within a size and a time, before anybody looks at them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from latency_db.service.problems import Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BYTES = 2**23
"""Of a body: 10,000 kernels have 4 MiB with the longest keys that a measurement may have."""
SECONDS = 20
"""From a request's head to the end of its body"""


class Bodies:
    """A larger or slower body gets a problem, and its connection is closed."""

    def __init__(self, app: ASGIApp, seconds: float = SECONDS) -> None:
        self._app, self._seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        try:
            async with asyncio.timeout(self._seconds):
                body = await _read(receive)
        except TimeoutError:
            raise _refusal(408, f"The body took longer than {self._seconds:g} s: send it faster.") from None
        if body is None:
            return None  # nobody is there any more
        rest: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        return await self._app(scope, lambda: _next(rest, receive), send)


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None where whoever sends it has gone."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > BYTES:
            raise _refusal(413, f"The body has more than {BYTES:,} bytes: send less at once.")
        if not message.get("more_body", False):
            return b"".join(parts)


async def _next(rest: list[Message], receive: Receive) -> Message:
    return rest.pop() if rest else await receive()


def _refusal(status: int, detail: str) -> Problem:
    return Problem(status, detail, headers={"Connection": "close"})
