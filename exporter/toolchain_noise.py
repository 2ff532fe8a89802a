"""Keeps what toolchains print, from C++ too, away from the user's terminal."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def hidden() -> Iterator[TextIO]:
    """Send this process's stdout and stderr to a temporary file; yields a stream that still reaches the old stderr.

    Works on file descriptors, so it holds for the whole process: meant for the command line, not for libraries.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    with tempfile.TemporaryFile() as log, os.fdopen(os.dup(2), "w", buffering=1) as terminal:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            yield terminal
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, original in enumerate(saved, start=1):
                os.dup2(original, descriptor)
                os.close(original)


@contextmanager
def quiet(logger: str) -> Iterator[None]:
    """Only the errors of one logger: for what a library may do with its own imports."""
    log = logging.getLogger(logger)
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)
