"""System programs that some tests need; pip cannot install them."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest


def require(program: str, elsewhere: Iterable[Path] = ()) -> str:
    """Path of a program, which may be in a folder where shells do not look.

    Without it the test is skipped, or fails where VITEXPORT_REQUIRE_SYSTEM is set.
    """
    path = shutil.which(program) or next(filter(None, (shutil.which(program, path=one) for one in elsewhere)), None)
    if path is None:
        message = f"{program} is not installed"
        pytest.fail(message) if os.environ.get("VITEXPORT_REQUIRE_SYSTEM") else pytest.skip(message)
    return path
