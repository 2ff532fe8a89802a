"""A fork that does not come so far as to wait for work is replaced by another one."""

import os
import sys
import threading
from pathlib import Path

import pytest

from exporter.errors import BackendError
from exporter.worker.fork import forks, heard


class Stream:
    """Stands for stdout, and keeps the first few forks waiting for a lock when they open it again."""

    encoding, errors = "utf-8", "strict"

    def __init__(self, folder: Path, stuck: int) -> None:
        self._folder, self._stuck, self._lock = folder, stuck, threading.Lock()
        self._lock.acquire()

    def fileno(self) -> int:
        (self._folder / str(os.getpid())).touch()  # a file for each: nothing else is shared
        if len(self.readers()) <= self._stuck:
            self._lock.acquire()
        return 1

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None: ...

    def readers(self) -> list[int]:
        """The processes that opened it, in order."""
        files = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return [int(path.name) for path in files]


@pytest.mark.parametrize("stuck", [1, 2])
def test_one_that_is_stuck_is_replaced(stuck, tmp_path, monkeypatch):
    stream = Stream(tmp_path, stuck)
    monkeypatch.setattr(sys, "stdout", stream)
    with forks({"double": lambda report, number: 2 * number}, 1, seconds_to_start=0.5) as (fork,):
        fork.give("double", [21])
        assert heard([fork]) == [fork]
        assert fork.take() == ("done", 42)
        *ended, _ = stream.readers()
        assert len(ended) == stuck
        assert not any(Path(f"/proc/{pid}").exists() for pid in ended)


def test_after_three_attempts_a_sentence_says_what_to_do(tmp_path, monkeypatch):
    stream = Stream(tmp_path, stuck=9)
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(BackendError, match="--workers 1"), forks({}, 2, seconds_to_start=0.2):
        pass
    assert len(stream.readers()) == 3
    assert not any(Path(f"/proc/{pid}").exists() for pid in stream.readers())
