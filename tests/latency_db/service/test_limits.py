"""Bodies that are too large, too slow or broken cost nothing but an answer."""

import contextlib
import socket
import threading
import time
from urllib.parse import urlsplit

import uvicorn

from latency_db.service.middleware.bodies import BYTES, Bodies
from latency_db.service.middleware.problems import Problems
from tests.latency_db.service.test_answers import assert_problem


def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(service):
    assert_problem(service.post(b"x" * (BYTES + 1)), 413, "send less at once")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with _connected(service.served.base) as connection:
        connection.sendall(
            b"POST /v1/measurements/check HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        with contextlib.suppress(OSError):  # the service need not read what it has refused
            for _ in range(BYTES // 0x10000 + 1):
                connection.sendall(chunk)
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_slow_body_is_given_up_and_others_do_not_wait():
    async def application(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    with _running(Problems(Bodies(application, seconds=0.5))) as base, _connected(base) as connection:
        begun = time.monotonic()
        connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nx")
        with _connected(base) as other:
            other.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert other.recv(100).startswith(b"HTTP/1.1 200 ")
        answer = connection.recv(1000)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in answer.lower()
        assert time.monotonic() - begun >= 0.5


def test_who_goes_away_in_the_middle_harms_nobody(service):
    for _ in range(20):
        with _connected(service.served.base) as connection:
            connection.sendall(b"POST /v1/measurements/check HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
    assert service.ask("/healthz").status == 200
    assert "Traceback" not in service.served.log.read_text()


def _connected(base):
    url = urlsplit(base)
    return socket.create_connection((url.hostname, url.port), timeout=60)


@contextlib.contextmanager
def _running(application):
    """The address of an ASGI application in a thread of this process."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, lifespan="off", log_config=None, ws="none"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
