"""Processes that add measurements until they are killed, and tell which they were told are there."""

from __future__ import annotations

import multiprocessing
import signal
import sqlite3
import time
from collections import Counter
from dataclasses import replace
from itertools import count
from multiprocessing.connection import Connection

import alembic.command  # noqa: F401, so that no writer spends its time on imports

import latency_db.store.store  # noqa: F401
from latency_db import store
from tests.latency_db.samples import BARE, FULL

Acknowledged = dict[int, str]
"""What a writer was told is there: id -> note"""


def write(url: str, name: str, batches: int | None, go: Connection, told: Connection) -> None:
    """Wait until there is something to receive from `go`, then add batches, and send what each is known by.

    A note is "NAME, batch B of SIZE".
    """
    go.recv()
    with store.open(url) as opened:
        for batch in count() if batches is None else range(batches):
            size = 1 + 7 * batch % 40
            note = f"{name}, batch {batch} of {size}"
            ids = opened.add(replace((FULL, BARE)[place % 2], note=note) for place in range(size))
            told.send(dict.fromkeys(ids, note))


class Writer:
    """Such a process, from outside. It adds so many batches, or does not end."""

    def __init__(self, url: str, name: str, batches: int | None = None) -> None:
        # Forked from a process that has nothing but the imports: no connection and no thread is inherited.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["__main__", __name__])
        go, self._go = context.Pipe(duplex=False)
        self._told, told = context.Pipe(duplex=False)
        self._process = context.Process(target=write, args=(url, name, batches, go, told))
        self._process.start()
        go.close()
        told.close()

    def let_go(self) -> None:
        self._go.send(None)

    def finished(self) -> Acknowledged:
        """Waits until it has ended by itself."""
        acknowledged = self._acknowledged()
        self._process.join()
        assert self._process.exitcode == 0
        return acknowledged

    def killed(self, batches: int, seconds: float) -> Acknowledged:
        """Kill it when it has told of so many batches, and then some time has passed."""
        acknowledged = {id: note for _ in range(batches) for id, note in self._told.recv().items()}
        time.sleep(seconds)
        self._process.kill()
        acknowledged |= self._acknowledged()
        self._process.join()
        assert self._process.exitcode == -signal.SIGKILL
        return acknowledged

    def _acknowledged(self) -> Acknowledged:
        """All that it still tells, up to its end."""
        acknowledged = Acknowledged()
        with self._go, self._told:
            while True:
                try:
                    acknowledged |= self._told.recv()
                except EOFError:
                    return acknowledged


def faults(url: str, acknowledged: Acknowledged) -> list[str]:
    """What is wrong with a database after its writers were killed."""
    with store.open(url) as opened:
        notes = {record.id: record.measurement.note for record in opened.measurements()}
    found = [f"acknowledged and lost: {id}, {note}" for id, note in acknowledged.items() if notes.get(id) != note]
    batches = Counter(notes.values())
    found += [f"{rows} rows of {note}" for note, rows in batches.items() if rows != int(note.rpartition(" ")[2])]
    if url.startswith("sqlite:///"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        if (verdict := connection.execute("PRAGMA integrity_check").fetchall()) != [("ok",)]:
            found.append(f"corrupt: {verdict}")
        found += [f"names no row: {row}" for row in connection.execute("PRAGMA foreign_key_check")]
        connection.close()
    return found
