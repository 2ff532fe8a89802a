"""The socket that is listened on, and the server behind it until somebody ends it."""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.errors import VitexportError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_GRACE = 1
"""Seconds that a download has left when the server is ended"""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes any that is free. Raises `VitexportError` where there is no listening."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
    except (OSError, UnicodeError) as error:  # `gaierror`, or what can be no name, such as "a..b"
        reason = error.strerror if isinstance(error, OSError) else "no name is written like that"
        raise VitexportError(f"There is no host {host} ({reason}): pass an address of this machine.") from error
    listener = socket.socket(family, kind)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # after a server that has just ended
        # Accepted sockets take it over. asyncio's own does not reach them, and an answer is written in two parts, of
        # which the second would wait 40 ms for the first to be acknowledged.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        raise VitexportError(_refusal(error, host, port)) from error
    return listener


def _refusal(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"Port {port} is in use on this machine: pass another as --port, or 0 for any that is free."
        case errno.EACCES:
            return f"Port {port} is the system's and may not be listened on: pass --port 8000."
        case errno.EADDRNOTAVAIL:
            return f"{host} is no address of this machine: pass one that is, or 0.0.0.0 for all of them."
        case _:
            return f"{host} port {port} cannot be listened on ({error.strerror}): pass another --host or --port."


def serve_forever(app: ASGIApp, listener: socket.socket, certificate: Path | None) -> None:
    """Answer until a `KeyboardInterrupt`, over TLS where there is a file with a certificate and its key."""
    import uvicorn

    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",  # it would show a traceback for each download that is cut off at the end
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
        ssl_certfile=certificate,
    )
    uvicorn.Server(config).run(sockets=[listener])
