"""Locks on files and folders, which the system drops when the process that holds them ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = "lock"
"""The file in a staging folder whose lock is held while somebody works there; it is made when that begins, and
never changed"""

_UNTIL_NEXT_TRY = 0.01
"""Seconds"""


@contextmanager
def locked(path: Path, seconds: float = 0.0) -> Iterator[bool | None]:
    """Hold the lock of a folder, or of a file, which is made if need be: yields whether it is held.

    It is not where somebody else holds it for longer than `seconds`, and not where the path has gone meanwhile; None
    says that the file system has no locks. Raises `OSError` where the path can be neither opened nor made.
    """
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    descriptor = os.open(path, flags | os.O_NOFOLLOW, 0o600)
    try:
        yield _hold(descriptor, path, time.monotonic() + seconds)
    finally:
        os.close(descriptor)


def _hold(descriptor: int, path: Path, until: float) -> bool | None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
        except OSError:
            return None
        time.sleep(_UNTIL_NEXT_TRY)
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False
