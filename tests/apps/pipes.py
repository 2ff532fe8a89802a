"""`apps/pipe_worker.py` beside tests in another language, and where these find it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps import pipe_worker


@contextmanager
def piped(bundle: Path, folder: Path) -> Iterator[dict[str, str]]:
    """The variables that say where a bundle is, and in which `folder` its graphs are run."""
    replies, complaints = folder / pipe_worker.REPLIES, folder / "complaints"
    with complaints.open("w") as stderr:
        process = subprocess.Popen([sys.executable, pipe_worker.__file__, bundle, folder], stderr=stderr)
    try:
        while not replies.is_fifo():
            assert process.poll() is None, complaints.read_text()
            time.sleep(0.05)
        yield {"VITEXPORT_BUNDLE": str(bundle), "VITEXPORT_PIPES": str(folder)}
    finally:
        process.kill()
        process.wait()
