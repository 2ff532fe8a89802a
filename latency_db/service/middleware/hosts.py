"""Only the service's own names are answered: a page whose name was made to lead here would read what it may not."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from latency_db.service.problems import Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class Hosts:
    """Refuses requests whose `Host` is another; without names none is refused."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app, self._names = app, frozenset(map(str.lower, names))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._names and scope["type"] == "http":
            host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
            name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
            reached, _ = scope["server"] or ("", None)  # one of many addresses, of which not all are known
            if name.strip("[]").lower() not in (*self._names, reached.removeprefix("::ffff:")):
                raise Problem(400, "This host name is not the service's: start it with --allow-host NAME.")
        await self._app(scope, receive, send)
