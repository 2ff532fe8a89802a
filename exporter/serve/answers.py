"""Answers from a site's table: the file of a row, as it is or gzipped, or that the browser has it already."""

from __future__ import annotations

import gzip
import os
import re
import stat
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exporter import faults
from exporter.serve.addresses import in_url
from exporter.serve.policies import HEADERS
from exporter.serve.site import LISTING, ServedFile, Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOREVER, ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"

_LEVEL = 4
"""Of gzip: twice as fast as 6, with WebAssembly that is 5 % larger"""


_REFUSED = re.compile(r"q=0(\.0*)?")
"""The weight of an encoding that is not to be sent"""


def application(site: Site, names: Collection[str]) -> ASGIApp:
    """A site as an ASGI application, for who asks for one of these names or for the address that was reached."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    return _with_headers(_under_its_names(Starlette(routes=[Route("/{path:path}", _Answers(site).answer)]), names))


def _under_its_names(app: ASGIApp, names: Collection[str]) -> ASGIApp:
    """The same, but whose `Host` is another gets 400.

    A page whose own name was made to lead here, which is DNS rebinding, would be of the same origin, and read all.
    """
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        reached, _ = scope["server"]
        allowed = [in_url(name) for name in (*names, reached)]
        await TrustedHostMiddleware(app, allowed, www_redirect=False)(scope, receive, send)

    return answered


def _with_headers(app: ASGIApp) -> ASGIApp:
    """The same, but every answer has `HEADERS`, also those that say what is wrong, and what goes wrong here is said."""
    from starlette.datastructures import MutableHeaders

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await app(scope, receive, send_with_headers)
        except Exception as error:
            faults.report("vitexport serve app", error)
            raise

    return answered


@dataclass(frozen=True)
class _Gzipped:
    content: bytes
    of: int
    """When the file that it is of was changed, in ns"""


class _Answers:
    """What was compressed is kept, since every browser asks for the same."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._gzipped = dict[str, _Gzipped]()

    async def answer(self, request: Request) -> Response:
        """The file at a path; raises `HTTPException` where there is none."""
        from starlette.concurrency import run_in_threadpool
        from starlette.exceptions import HTTPException
        from starlette.responses import FileResponse, Response

        path = request.scope["path"]
        if path == LISTING:
            return Response(self._site.listing, headers={"Cache-Control": ASK_AGAIN}, media_type="application/json")
        served = self._site.files.get(path)
        seen = served and _regular(served)
        if not served or not seen:
            raise HTTPException(404)
        compressed = served.compressible and "range" not in request.headers and _takes_gzip(request)
        headers = _headers(served, seen, compressed)
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if compressed:
            content = await run_in_threadpool(self._compressed, path, served, seen)
            return Response(content, headers=headers | {"Content-Encoding": "gzip"}, media_type=served.media_type)
        return FileResponse(served.path, headers=headers, media_type=served.media_type, stat_result=seen)

    def _compressed(self, path: str, served: ServedFile, seen: os.stat_result) -> bytes:
        known = self._gzipped.get(path)
        if known is None or known.of != seen.st_mtime_ns:
            known = self._gzipped[path] = _Gzipped(gzip.compress(served.path.read_bytes(), _LEVEL), seen.st_mtime_ns)
        return known.content


def _regular(served: ServedFile) -> os.stat_result | None:
    """A file as it is now; None where it has gone, or it or a folder of it has become a link or something else."""
    try:
        seen = served.path.lstat()
        moved = served.path.resolve(strict=True) != served.path
    except (OSError, RuntimeError):  # the latter of links in a circle
        return None
    return seen if stat.S_ISREG(seen.st_mode) and not moved else None


def _takes_gzip(request: Request) -> bool:
    encodings = (one.partition(";") for one in request.headers.get("accept-encoding", "").split(","))
    return any(name.strip() == "gzip" and not _REFUSED.fullmatch(weight.strip()) for name, _, weight in encodings)


def _headers(served: ServedFile, seen: os.stat_result, compressed: bool) -> dict[str, str]:
    """Each way in which a file is sent has a tag of its own, since a part of one is no part of the other."""
    tag = f"{seen.st_mtime_ns:x}-{seen.st_size:x}{'-gzip' if compressed else ''}"
    return {
        "Cache-Control": FOREVER if served.immutable else ASK_AGAIN,
        "Content-Security-Policy": served.policy,
        "ETag": f'"{tag}"',
        **({"Vary": "Accept-Encoding"} if served.compressible else {}),
    }
