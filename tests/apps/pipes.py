"""`apps/pipe_worker.py`, running, for tests of apps in other languages."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exporter.bundle import Bundle

APPS = Path(__file__).parent.parent.parent / "apps"


@contextmanager
def working(bundle: Bundle, folder: Path) -> Iterator[Path]:
    """Runs a bundle's graphs; `folder` has the pipes, as soon as the worker waits at them."""
    worker = subprocess.Popen([sys.executable, APPS / "pipe_worker.py", bundle.path, folder])
    try:
        while not (folder / "replies").exists():
            assert worker.poll() is None, "the worker ended"
            time.sleep(0.05)
        yield folder
    finally:
        worker.kill()
        worker.wait()
