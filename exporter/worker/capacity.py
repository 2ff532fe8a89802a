"""How many processes this machine has room for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_CONTROL_GROUPS = {
    "": (Path("/sys/fs/cgroup"), "memory.max", "memory.current", "inactive_file"),
    "memory": (
        Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file",
    ),
}  # fmt: skip
"""Controllers in /proc/self/cgroup, of version 2 and of version 1 -> where its groups are mounted, the files that hold
a group's limit and what it uses, and what memory.stat calls the files that it may drop from memory"""


def workers_for(bytes_each: int, most: int) -> int:
    """How many processes of so many bytes fit this machine's cores and memory: at least one, and no more than `most`.

    One where processes cannot be forked safely, which is anywhere but on Linux.
    """
    if sys.platform != "linux":
        return 1
    return max(1, min(len(os.sched_getaffinity(0)), memory_available() // max(1, bytes_each), most))


def memory_available() -> int:
    """Bytes that new processes may take: as the kernel estimates them, and within the limits of our control groups."""
    fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    return min(int(fields["MemAvailable"].split()[0]) * 1024, *_left_in_control_groups())


def _left_in_control_groups() -> Iterator[int]:
    """Bytes that may still be taken in our control group, and in each of those around it, where it has a limit."""
    groups = Path("/proc/self/cgroup")
    for line in groups.read_text().splitlines() if groups.exists() else ():
        _, controllers, path = line.split(":", 2)
        if controllers not in _CONTROL_GROUPS:
            continue
        mount, limit, used, droppable = _CONTROL_GROUPS[controllers]
        own = mount / path.lstrip("/")
        for folder in (own, *own.parents):
            # Of version 2 the limit may be "max". In a container, the path may be that of the host.
            with suppress(OSError, ValueError, KeyError):
                stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
                taken = int((folder / used).read_text()) - int(stat[droppable])
                yield int((folder / limit).read_text()) - taken
            if folder == mount:
                break
