"""System programs that some tests need; pip cannot install them."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import pytest


def require(program: str, elsewhere: Iterable[Path] = ()) -> str:
    """Path of a program, which may be in a folder where shells do not look.

    Without it the test is skipped, or fails where VITEXPORT_REQUIRE_SYSTEM is set.
    """
    path = shutil.which(program) or next(filter(None, (shutil.which(program, path=one) for one in elsewhere)), None)
    if path is None:
        unavailable(f"{program} is not installed")
    return path


def unavailable(message: str) -> NoReturn:
    """Skip the test, or fail where VITEXPORT_REQUIRE_SYSTEM is set."""
    pytest.fail(message) if os.environ.get("VITEXPORT_REQUIRE_SYSTEM") else pytest.skip(message)
