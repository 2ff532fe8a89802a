"""What processes of the service have used, as Linux counts it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def with_children(process: int) -> list[int]:
    """A process and those that it started, and so on."""
    found = [process]
    for one in found:
        with suppress(FileNotFoundError, ProcessLookupError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def cpu_seconds(process: int) -> float:
    """Of a process and those that it started."""
    return sum(map(_cpu_seconds, with_children(process)))


def _cpu_seconds(process: int) -> float:
    """With those of its children that have ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def mebibytes(process: int) -> float:
    """In memory now, of a process and those that it started."""
    return sum(_status(one, "VmRSS") for one in with_children(process)) / 1024


def most_mebibytes(process: int) -> float:
    """That each of them ever had at once, added up."""
    return sum(_status(one, "VmHWM") for one in with_children(process)) / 1024


def _status(process: int, name: str) -> int:
    """In KiB; 0 of a process that has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    return 0
