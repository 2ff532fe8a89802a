"""A latency service that takes whatever is posted to it from any page, and keeps it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.http_server import http_server


@dataclass
class LatencyService:
    url: str
    asked: list[str] = field(default_factory=list)
    """Methods of all requests, in order: browsers ask first whether a page may post, by `OPTIONS`"""
    posted: list[bytes] = field(default_factory=list)
    authorised: list[str | None] = field(default_factory=list)
    """By what each was"""


@contextmanager
def latency_service() -> Iterator[LatencyService]:
    """On a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_OPTIONS(self) -> None:
            self.answer(204)

        def do_POST(self) -> None:
            service.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
            service.authorised.append(self.headers["Authorization"])
            self.answer(201)

        def answer(self, status: int) -> None:
            service.asked.append(self.command)
            self.send_response(status)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Allow-Headers", "Authorization, Content-Type")
            self.send_header("Content-Length", "0")
            self.end_headers()

    with http_server(Handler) as url:
        service = LatencyService(f"{url}/measurements")
        yield service
