"""A folder for the temporary files of toolchains that goes with the work, whatever they leave in it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exporter.atomic.staging import staging


@contextmanager
def scratch() -> Iterator[None]:
    """Temporary files, of C++ and of processes that are started too, lie in a folder that is removed at the end.

    Where this process is killed before, the next one does that. It holds for the whole process: meant for the command
    line, not for libraries.
    """
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    with staging(Path(tempfile.gettempdir())) as folder:
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = before[0]
            if before[1] is None:
                del os.environ["TMPDIR"]
            else:
                os.environ["TMPDIR"] = before[1]
