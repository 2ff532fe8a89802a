"""Where a user's own database is. Asking imports no database."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def user_file() -> Path:
    """The file in the user's data directory, whether it is there or not."""
    return _data_directory() / "vitexport" / "latency.sqlite3"


def _data_directory() -> Path:
    """Of the user, where programs keep what is no setting and no cache."""
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
