"""System programs that some tests need; pip cannot install them."""

import os
import shutil

import pytest


def require(program: str) -> str:
    """Path of a program. Without it the test is skipped, or fails where VITEXPORT_REQUIRE_SYSTEM is set."""
    path = shutil.which(program)
    if path is None:
        message = f"{program} is not installed"
        pytest.fail(message) if os.environ.get("VITEXPORT_REQUIRE_SYSTEM") else pytest.skip(message)
    return path
