"""The Swift compiler, in the language mode of the app."""

import subprocess
from pathlib import Path

from tests.apps.swift import require_swift, swift

REPOSITORY = Path(__file__).parents[3]


def swiftc(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """It sees the repository, and `folder`, in which it may write."""
    require_swift()
    mode = ("--driver-mode=swiftc", "-swift-version", "6")
    return swift(*mode, *arguments, folders=[folder, REPOSITORY], environment={})
