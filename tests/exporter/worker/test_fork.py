"""A fork that does not come to the point where it waits for work is replaced by another one."""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.errors import BackendError
from exporter.worker.fork import forks, readable


def hang() -> None:
    """Wait for a lock that nobody lets go of."""
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def end() -> None:
    os._exit(9)


class Stream:
    """Stands for stdout, and has the first `count` forks fail when they open it again."""

    encoding, errors = "utf-8", "strict"

    def __init__(self, folder: Path, count: int, fail: Callable[[], None]) -> None:
        self._folder, self._count, self._fail = folder, count, fail

    def fileno(self) -> int:
        (self._folder / str(os.getpid())).touch()  # a file for each: nothing else is shared
        if len(self.readers()) <= self._count:
            self._fail()
        return 1

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None: ...

    def readers(self) -> list[int]:
        """The processes that opened it, in order."""
        files = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return [int(path.name) for path in files]


@pytest.mark.parametrize("fail", [hang, end])
@pytest.mark.parametrize("count", [1, 2])
def test_one_that_hangs_or_ends_is_replaced(count, fail, tmp_path, monkeypatch):
    stream = Stream(tmp_path, count, fail)
    monkeypatch.setattr(sys, "stdout", stream)
    with forks({"double": lambda report, number: 2 * number}, 1, seconds_to_start=0.5) as (fork,):
        fork.send("double", [21])
        assert readable([fork]) == [fork]
        assert fork.receive() == ("done", 42)
        *ended, _ = stream.readers()
        assert len(ended) == count
        assert not any(Path(f"/proc/{pid}").exists() for pid in ended)


@pytest.mark.parametrize("fail", [hang, end])
def test_after_three_attempts_a_sentence_says_what_to_do(fail, tmp_path, monkeypatch):
    stream = Stream(tmp_path, 9, fail)
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(BackendError, match=r"^Processes .* --workers 1"), forks({}, 2, seconds_to_start=0.2):
        pass
    assert len(stream.readers()) == 3
    assert not any(Path(f"/proc/{pid}").exists() for pid in stream.readers())
