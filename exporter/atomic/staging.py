"""Hidden folders in which results are made, beside their places; whoever works there next collects forgotten ones."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import stat
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from exporter.atomic.locks import LOCK, locked
from exporter.atomic.publishing import finish

_PREFIX = ".vitexport-"


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """A hidden folder in `parent` to make results in; it vanishes with all that was not moved to its place from it.

    So do `parent` and the folders above it that were made for it, if nothing was put there. What killed processes left
    in `parent` goes first. Interrupts wait while the folder is cleared.
    """
    made = [path for path in (parent, *parent.parents) if not path.exists()]
    parent.mkdir(parents=True, exist_ok=True)
    collect(parent)
    with _own_folder(parent) as folder:
        try:
            yield folder
        finally:
            with _uninterrupted():
                _clear(folder)
                with suppress(OSError):  # the first that is not empty ends it
                    for path in made:
                        path.rmdir()


def collect(parent: Path) -> None:
    """Finish what was being published in `parent` by processes that were killed, and remove what else they left."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # it is gone meanwhile, or cannot be cleared now
            seen = folder.lstat()
            if stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.geteuid():
                with locked(folder / LOCK) as forgotten:
                    if forgotten:
                        _clear(folder)


@contextmanager
def _own_folder(parent: Path) -> Iterator[Path]:
    """A new folder that nobody collects, for as long as its lock is held."""
    with ExitStack() as locks:
        while True:
            folder = parent / f"{_PREFIX}{secrets.token_hex(4)}"
            folder.mkdir(mode=0o700)
            with suppress(FileNotFoundError):  # of one that was taken for forgotten before its lock was held
                if locks.enter_context(locked(folder / LOCK)) is not False:
                    break
        yield folder


def _clear(folder: Path) -> None:
    """Finish what was being published, if anything was, and remove the rest; raises `OSError` where that cannot be."""
    finish(folder)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait until the end of the block, where this thread is the one that would hear of them."""
    received: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, lambda number, frame: received.append(number)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for waiting in received:
            signal.raise_signal(waiting)
