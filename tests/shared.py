"""What takes long to make is made once for a whole run, by whichever of its processes needs it first."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def shared_root(folders: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run of the tests have in common."""
    own = folders.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """`folder`, which `make` fills with files the first time; a process that comes meanwhile waits for them.

    Nobody may change the files. Where `make` fails there is no folder, and the next process tries again.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if not folder.exists():
            draft = folder.with_name(f"{folder.name}.draft")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            make(draft)
            draft.rename(folder)
    return folder
