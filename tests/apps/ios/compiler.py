"""The Swift compiler, in the language mode of the app."""

import shutil
import subprocess
from pathlib import Path

import pytest


def swiftc(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    found = shutil.which("swiftc")
    if found is None:
        pytest.skip("There is no swiftc: install Swift 6, whose compiler checks the app's sources.")
    command = [found, "-swift-version", "6", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
