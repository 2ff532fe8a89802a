"""A copy of this process that works on what it is sent, one piece after the other.

It has all that this process has at that moment, such as a captured model; only results and errors travel.
"""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from exporter.atomic.staging import staging
from exporter.errors import BackendError, describe
from exporter.worker.parent import end_with

Report = Callable[[str, float], None]
"""Called by a piece of work as (how far it is, in words; share of it that is done)."""

Work = Callable[..., Any]
"""Called with a `Report` and whatever arguments are sent. What it takes and returns can be pickled."""

SECONDS_TO_START = 20.0
"""How long a fork may take until it waits for work. A lock that some library's thread holds at the moment of the fork
stays locked in it, and it may wait for that lock for ever."""
_ATTEMPTS = 3
"""How many forks are made, one after the other, until one starts."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""glibc, mallopt(3)"""
_MOST_BYTES = 2**31 - 1


class Fork:
    """One such process, as its parent sees it."""

    def __init__(self, works: Mapping[str, Work], scratch: str) -> None:
        context = multiprocessing.get_context("fork")
        self.connection, self._theirs = context.Pipe()
        arguments = (works, self._theirs, self.connection, scratch, os.getpid())
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._work = ""

    def start(self) -> None:
        collects = gc.isenabled()
        gc.disable()  # until the fork has seen to it that it collects none of the objects that are here
        try:
            self._process.start()
        finally:
            if collects:
                gc.enable()
        self._theirs.close()

    def has_started(self, seconds: float) -> bool:
        """Whether it comes to the point where it waits for work within so many seconds, and does not end before."""
        try:
            return self.connection.poll(seconds) and self.receive() == ("started", None)
        except BackendError:
            return False

    def send(self, name: str, arguments: Sequence[Any]) -> None:
        """Have it work on something; raises `BackendError` if it cannot any more."""
        self._work = name
        try:
            self.connection.send((name, arguments))
        except ConnectionError:
            raise self._died() from None

    def receive(self) -> tuple[str, Any]:
        """What it sends next: "report" and its arguments, or "done" and the result.

        Raises the error of its work, and `BackendError` if the process has ended amidst it.
        """
        try:
            message = self.connection.recv_bytes()
        except (EOFError, OSError):
            raise self._died() from None
        kind, content = pickle.loads(message)
        if kind == "error":
            raise _deserialised(*content)
        return kind, content

    def kill(self) -> None:
        if self._process.pid is not None:
            self._process.kill()
            self._process.join()
        self.connection.close()

    def _died(self) -> BackendError:
        self._process.join()
        code = self._process.exitcode or 0
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return BackendError(
            f"{self._work}: its process was ended ({how}), perhaps for want of memory: pass --workers 1."
        )


def readable(forks: Sequence[Fork]) -> list[Fork]:
    """Those that have sent something, or ended, which `receive` tells; waits until there is one."""
    sent = wait([fork.connection for fork in forks])
    return [fork for fork in forks if fork.connection in sent]


@contextmanager
def forks(works: Mapping[str, Work], count: int, seconds_to_start: float = SECONDS_TO_START) -> Iterator[list[Fork]]:
    """Forks that work on any of `works` by name. With the block they end, and so do their scratch files.

    Raises `BackendError` where none of three attempts starts one within `seconds_to_start`.
    """
    made: list[Fork] = []
    with staging(Path(tempfile.gettempdir())) as scratch:
        try:
            while len(made) < count:
                made.append(_started(works, str(scratch), seconds_to_start))
            yield made
        finally:
            for fork in made:
                fork.kill()


def _started(works: Mapping[str, Work], scratch: str, seconds: float) -> Fork:
    """Return a fork that waits for work; raises `BackendError` where none comes so far."""
    for _ in range(_ATTEMPTS):
        fork = Fork(works, scratch)
        try:
            fork.start()
            started = fork.has_started(seconds)
        except BaseException:
            fork.kill()
            raise
        if started:
            return fork
        fork.kill()
    raise BackendError("Processes that work side by side cannot be started here: pass --workers 1.")


def _serve(works: Mapping[str, Work], connection: Connection, parents: Connection, scratch: str, parent: int) -> None:
    """Work on what is asked for, until nobody asks any more."""
    # What the parent left to be collected stays: a video's encoder among it waits for its threads, which are not here.
    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends this process
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with(parent)
    _keep_freed_memory()
    _open_streams_again()
    parents.close()  # the copy here would keep this process from seeing that the parent has closed its own
    tempfile.tempdir = os.environ["TMPDIR"] = scratch
    if (torch := sys.modules.get("torch")) is not None:
        # Its pool of threads does not survive a fork: without one there is nothing to wait for in vain.
        torch.set_num_threads(1)
    with suppress(BrokenPipeError):  # of a parent that has closed its end already, which the next line finds out
        connection.send(("started", None))
    while True:
        try:
            name, arguments = connection.recv()
        except (EOFError, ConnectionError):  # the second where the parent left something unread
            return
        try:
            result = works[name](lambda what, share: connection.send(("report", (what, share))), *arguments)
            connection.send(("done", result))
        except BaseException as error:  # whatever it is, it is the parent's to raise
            connection.send(("error", _serialised(error)))


def _keep_freed_memory() -> None:
    """Have glibc, where it is the C library, hand freed memory out again instead of returning it to the system.

    Tensors of many megabytes come and go with each operator; getting pages anew for each takes a tenth of a rollout.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _MOST_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _MOST_BYTES)


def _open_streams_again() -> None:
    """Write to where stdout and stderr go by new streams.

    A thread of the parent, such as one that draws a progress bar, may have held the lock of an old one: nobody here
    would ever let go of it.
    """
    for name in ("stdout", "stderr"):
        old = getattr(sys, name)
        with suppress(AttributeError, OSError, ValueError):  # there is none, it is in memory, or it is closed
            # Whoever keeps it writes on to the descriptor, which is the parent's to close.
            new = open(old.fileno(), "w", buffering=1, encoding=old.encoding, errors=old.errors, closefd=False)  # noqa: SIM115
            setattr(sys, name, new)


def _serialised(error: BaseException) -> tuple[bytes, str, str, str]:
    """An error as it travels: itself if it can be pickled, its message, its type with it, and where it was raised."""
    try:
        itself = pickle.dumps(error)
    except Exception:  # whatever it holds
        itself = b""
    return itself, str(error), describe(error), "".join(traceback.format_exception(error))


def _deserialised(itself: bytes, message: str, described: str, trace: str) -> Exception:
    """The error that was sent, of its own type unless it does not survive being pickled; its trace becomes a note."""
    try:
        error = pickle.loads(itself)
    except Exception:  # of an error that takes other arguments than it keeps, or of a type that is not known here
        error = None
    if not isinstance(error, Exception) or str(error) != message:
        error = RuntimeError(described)
    error.add_note(trace)
    return error
