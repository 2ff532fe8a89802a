"""A process that adds measurements until it is killed, and tells on stdout which it was told are there.

    python -m tests.latency_db.store.writer URL NAME [BATCHES]

A line is a batch: the ids that `add` returned. Each note is "NAME, batch B of SIZE". The first line, "ready", comes
before the database is opened, and a line on stdin lets it go on.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import latency_db.store.store  # what takes long comes before "ready"
from latency_db import store
from tests.latency_db.samples import BARE, FULL

ROOT = Path(__file__).parents[3]


def write(url: str, name: str, batches: int | None) -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    with store.open(url) as opened:
        for batch in count() if batches is None else range(batches):
            size = 1 + 7 * batch % 40
            note = f"{name}, batch {batch} of {size}"
            ids = opened.add(replace((FULL, BARE)[place % 2], note=note) for place in range(size))
            print(json.dumps([note, ids]), flush=True)


Acknowledged = dict[int, str]
"""What a writer was told is there: id -> note"""


@dataclass(frozen=True)
class Writer:
    """Such a process, from outside."""

    process: subprocess.Popen[str]

    @classmethod
    def started(cls, url: str, name: str, batches: int | None = None) -> Writer:
        """Returns at once."""
        arguments = [url, name, *([] if batches is None else [str(batches)])]
        command = [sys.executable, "-m", "tests.latency_db.store.writer", *arguments]
        return cls(subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))

    def let_go(self) -> None:
        """Wait until it is ready, and let it open the database."""
        assert self.process.stdout.readline() == "ready\n"
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def finished(self) -> Acknowledged:
        """Waits until it has ended by itself."""
        acknowledged = self._acknowledged()
        assert self.process.wait() == 0
        return acknowledged

    def killed(self, batches: int, seconds: float) -> Acknowledged:
        """Kill it when it has been told of so many batches, and then some time has passed."""
        told = [self.process.stdout.readline() for _ in range(batches)]
        time.sleep(seconds)
        self.process.kill()
        acknowledged = _batches(told) | self._acknowledged()
        assert self.process.wait() == -signal.SIGKILL
        return acknowledged

    def _acknowledged(self) -> Acknowledged:
        with self.process.stdin, self.process.stdout as told:
            return _batches(told)


def _batches(lines: Iterable[str]) -> Acknowledged:
    return {id: note for note, ids in map(json.loads, lines) for id in ids}


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


if __name__ == "__main__":
    assert latency_db.store.store
    write(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else None)
