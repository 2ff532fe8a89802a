"""What requests get that are wrong in some way: a problem document, and never a fault of the service."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from benchmarks.service.databases import database
from benchmarks.service.page import section, table
from benchmarks.service.processes import mebibytes, most_mebibytes
from benchmarks.service.wrong import WRONG, Wrong
from latency_db.service.problems import MEDIA_TYPE
from tests.latency_db.service.serving import served, token

_AT_ONCE = 16
_PATIENCE_SECONDS = 60
_BY_PARSER = b"Invalid HTTP request received."
"""What the parser of HTTP answers itself, before there is a request"""
_FEW = 10
"""Faults of a kind that are shown"""


@dataclass
class _Seen:
    """What came back."""

    statuses: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """By kind; "parser" is what no application has seen, "closed" a connection that ended without a word"""
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, kind: str, request: Wrong, answer: bytes) -> None:
        head, _, body = answer.partition(b"\r\n\r\n")
        if not answer or not head.startswith(b"HTTP/1.1 "):
            self.statuses[kind]["closed"] += 1
            if answer or kind not in ("broken HTTP", "larger bodies"):
                self._fault("no answer", request, answer)
            return
        status = head[9:12].decode()
        if _BY_PARSER in body:  # it may come in chunks
            self.statuses[kind]["parser"] += 1
            return
        self.statuses[kind][status] += 1
        if status[0] == "5":
            self._fault("status 5xx", request, answer)
        if b"Traceback" in answer:
            self._fault("traceback", request, answer)
        if status[0] == "4" and f"content-type: {MEDIA_TYPE}".encode() not in head.lower():
            self._fault("no problem document", request, answer)

    def _fault(self, what: str, request: Wrong, answer: bytes) -> None:
        self.faults[what].append(f"{request.head[:200]!r} {request.body[:300]!r}\n  -> {answer[:300]!r}")


def malformed(number: int, seed: int, write: bool) -> None:
    """Print how many of each kind got which status, and every fault."""
    draw = random.Random(seed)
    kinds = draw.choices(list(WRONG), [weight for _, weight in WRONG.values()], k=number)
    with database(postgres=False) as url:
        key = token(url)
        requests = [(kind, WRONG[kind][0](draw, key)) for kind in kinds]
        with served(url) as running:
            running.ask("/v1/latency?model=efficientformer_l1&device=pixel8")  # the shipped tables are read
            before = mebibytes(running.process.pid)
            seen = asyncio.run(_sent(requests, urlsplit(running.base).netloc))
            after, most = mebibytes(running.process.pid), most_mebibytes(running.process.pid)
            works = running.ask("/healthz").status == 200
            log = running.log.read_text()
    for what, faults in seen.faults.items():
        print(f"{what}: {len(faults)}", *faults[:_FEW], sep="\n")
    columns = ["closed", "parser", *sorted({status for counts in seen.statuses.values() for status in counts
                                           if status.isdigit()})]  # fmt: skip
    rows = [(kind, *(seen.statuses[kind][column] or "" for column in columns)) for kind in WRONG]
    problems = [f"{len(faults)} with {what}" for what, faults in seen.faults.items()]
    problems += [f"the log has {log.count('Traceback')} tracebacks"] * ("Traceback" in log)
    problems += ["the service does not answer any more"] * (not works)
    problems += ["the log has a token"] * (key in log)
    print(log[-3_000:])
    section(
        "Malformed requests",
        f"{number:,} requests. `parser`: refused by the parser of HTTP, before there is a request; "
        "`closed`: no answer.\n\n"
        f"{table(('request', *columns), rows)}\n\n"
        f"Faults: {'; '.join(problems) or 'none'}. The service had {before:.0f} MiB before, {after:.0f} MiB after, and "
        f"{most:.0f} MiB at most.",
        write,
    )
    if problems:
        raise SystemExit("; ".join(problems))


async def _sent(requests: list[tuple[str, Wrong]], host: str) -> _Seen:
    seen, left = _Seen(), iter(requests)

    async def send() -> None:
        for kind, request in left:
            seen.note(kind, request, await _answer(request, host))

    await asyncio.gather(*(send() for _ in range(_AT_ONCE)))
    return seen


async def _answer(request: Wrong, host: str) -> bytes:
    """All that comes back until the connection is closed, or nothing for a while."""
    name, _, port = host.rpartition(":")
    reader, writer = await asyncio.open_connection(name, int(port))
    received = b""
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            with suppress(ConnectionError):  # it may answer and close before it has read all
                writer.write(request.head + request.body)
                await writer.drain()
            while part := await reader.read(2**16):
                received += part
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return received
