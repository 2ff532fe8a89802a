"""A site that a test can alter while it runs: files that are not what they were, and answers that no honest server
gives."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from mimetypes import guess_type
from pathlib import Path

from tests.http_server import http_server

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cache-Control": "no-store",  # so that all that a page uses is asked for
}
"""The first two make pages cross-origin isolated, as `vitexport serve app` does."""

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Site:
    url: str
    folders: Mapping[str, Path]
    """First part of a path -> where its files are"""
    instead: dict[str, bytes | Answer | None] = field(default_factory=dict)
    """Path -> what is answered in place of the file; None where there is none"""
    asked: list[str] = field(default_factory=list)
    """All paths that were, in order"""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0].lstrip("/")
        if path.endswith("/"):
            path += "index.html"
        self.asked.append(path)
        if path in self.instead:
            content = self.instead[path]
            if callable(content):
                content(request)
                return
        else:
            folder, _, inner = path.partition("/")
            file = self.folders.get(folder, Path()) / inner
            content = file.read_bytes() if folder in self.folders and file.is_file() else None
        kind = "text/javascript" if path.endswith(".mjs") else guess_type(path)[0]
        send_head(
            request, 404 if content is None else 200, {"Content-Type": kind or "application/octet-stream"}, content
        )
        if content is not None:
            request.wfile.write(content)


def send_head(
    request: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str], content: bytes | None = b""
) -> None:
    """The beginning of an answer; without `content` it says nothing of its length."""
    request.send_response(status)
    length = {} if content is None and status == 200 else {"Content-Length": str(len(content or b""))}
    for name, value in {**HEADERS, **length, **headers}.items():
        request.send_header(name, value)
    request.end_headers()


@contextmanager
def altered_site(folders: Mapping[str, Path]) -> Iterator[Site]:
    """The files of folders on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(ConnectionError):  # a browser that has seen enough hangs up
                site.answer(self)

    with http_server(Handler) as url:
        site = Site(url, folders)
        yield site
