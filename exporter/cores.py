"""The cores that this process may use: as many threads as a runtime takes where it is not told how many."""

from __future__ import annotations

import os


def cores() -> int:
    """Count those that the system lets this process run on; all that there are where it does not say, as on macOS."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
