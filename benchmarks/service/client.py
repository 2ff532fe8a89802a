"""A client with a schedule, in a process of its own: it asks at the given moments, whether or not others were answered.

    python -m benchmarks.service.client HOST PORT < PLAN > FIGURES

A latency counts from the moment that was scheduled, so that what waits for a free connection counts, too. Of HTTP it
knows as much as the service answers with: a status and a Content-Length.
"""

from __future__ import annotations

import asyncio
import gc
import pickle
import sys
import time
from collections import deque
from dataclasses import dataclass, field

CONNECTIONS = 100
"""At most, beside each other"""
_PATIENCE_SECONDS = 60
"""After the last request"""


@dataclass(frozen=True)
class Asked:
    """A request, and when it is sent."""

    at: float
    """Seconds after the beginning"""
    kind: str
    """Under which it is counted"""
    request: bytes


@dataclass
class Figures:
    """What came of a plan."""

    answered: list[tuple[int, int, float]] = field(default_factory=list)
    """Number of the request in the plan, status, seconds; status 0 where the connection broke off"""
    wrong: dict[int, bytes] = field(default_factory=dict)
    """Number of a request -> the answer, of the first ones that are no success"""
    unanswered: int = 0
    late: float = 0.0
    """Seconds by which the client itself was late at most"""
    connections: int = 0
    cpu_seconds: float = 0.0
    seconds: float = 0.0
    """That all took"""


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, client: _Client) -> None:
        self._client, self._buffer, self._expected = client, bytearray(), 0
        self.number: int | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def ask(self, number: int, request: bytes) -> None:
        self.number = number
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        if not self._expected:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            length = buffer.find(b"content-length: ", 0, end) + 16
            self._expected = end + 4 + int(buffer[length : buffer.find(b"\r", length)])
        if len(buffer) >= self._expected:
            number, answer, self.number = self.number, bytes(buffer), None
            buffer.clear()
            self._expected = 0
            assert number is not None
            self._client.answered(number, answer, self)

    def connection_lost(self, error: Exception | None) -> None:
        self._client.lost(self)


class _Client:
    def __init__(self, plan: list[Asked], host: str, port: int) -> None:
        self._plan, self._address = plan, (host, port)
        self._idle, self._waiting = list[_Connection](), deque[int]()
        self._opening, self._loop = 0, asyncio.get_running_loop()
        self._tasks = set[asyncio.Task[None]]()
        self.figures = Figures()

    async def run(self) -> Figures:
        begun, cpu = time.perf_counter(), time.process_time()
        self._begun = begun
        for number, asked in enumerate(self._plan):
            ahead = begun + asked.at - time.perf_counter()
            if ahead > 0:
                await asyncio.sleep(ahead)
            self.figures.late = max(self.figures.late, time.perf_counter() - begun - asked.at)
            self._ask(number)
        patience_ends = time.perf_counter() + _PATIENCE_SECONDS
        while len(self.figures.answered) < len(self._plan) and time.perf_counter() < patience_ends:
            await asyncio.sleep(0.02)
        self.figures.unanswered = len(self._plan) - len(self.figures.answered)
        self.figures.cpu_seconds = time.process_time() - cpu
        self.figures.seconds = time.perf_counter() - begun
        return self.figures

    def _ask(self, number: int) -> None:
        if self._idle:
            self._idle.pop().ask(number, self._plan[number].request)
            return
        self._waiting.append(number)
        if self.figures.connections < CONNECTIONS:
            self.figures.connections += 1
            task = self._loop.create_task(self._open())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _open(self) -> None:
        try:
            _, connection = await self._loop.create_connection(lambda: _Connection(self), *self._address)
        except OSError:
            self.figures.connections -= 1
            return
        self._next(connection)

    def _next(self, connection: _Connection) -> None:
        if self._waiting:
            number = self._waiting.popleft()
            connection.ask(number, self._plan[number].request)
        else:
            self._idle.append(connection)

    def answered(self, number: int, answer: bytes, connection: _Connection) -> None:
        status = int(answer[9:12])
        self.figures.answered.append((number, status, time.perf_counter() - self._begun - self._plan[number].at))
        if status >= 400 and len(self.figures.wrong) < 10:
            self.figures.wrong[number] = answer
        self._next(connection)

    def lost(self, connection: _Connection) -> None:
        self.figures.connections -= 1
        if connection in self._idle:
            self._idle.remove(connection)
        if connection.number is not None:
            late = time.perf_counter() - self._begun - self._plan[connection.number].at
            self.figures.answered.append((connection.number, 0, late))


async def _run(plan: list[Asked], host: str, port: int) -> Figures:
    return await _Client(plan, host, port).run()


def main() -> None:
    """Figures as a pickle on stdout, of a plan that is one on stdin."""
    from benchmarks.service import client  # by the name that the other process has for its classes

    plan = pickle.load(sys.stdin.buffer)
    gc.freeze()
    figures = asyncio.run(client._run(plan, sys.argv[1], int(sys.argv[2])))
    sys.stdout.buffer.write(pickle.dumps(figures))


if __name__ == "__main__":
    main()
