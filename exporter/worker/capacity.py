"""How many processes this machine has room for."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from device_profiles.host import cores

_ROOT = Path("/")

_MEMORY_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Of control groups of version 2, and of version 1: the files that hold a group's limit and what it uses, and what
memory.stat calls the file pages that it may drop from memory"""


def workers_for(bytes_each: int, most: int, root: Path = _ROOT) -> int:
    """How many processes of so many bytes fit this machine's cores and memory: at least one, and no more than `most`.

    One where processes cannot be forked safely, which is anywhere but on Linux. `root` is where its /proc and /sys are.
    """
    if sys.platform != "linux":
        return 1
    return max(1, min(cores(), memory_available(root) // max(1, bytes_each), most, *_cpu_quotas(root)))


def memory_available(root: Path = _ROOT) -> int:
    """Bytes that new processes may take: as the kernel estimates them, and within the limits of our control groups."""
    fields = dict(line.split(":", 1) for line in (root / "proc/meminfo").read_text().splitlines())
    return min([int(fields["MemAvailable"].split()[0]) * 1024, *_memory_left(root)])


def _memory_left(root: Path) -> Iterator[int]:
    """Bytes that may still be taken in each control group that has a limit."""
    for group in _control_groups("memory", root):
        for limit, used, droppable in _MEMORY_FILES:
            with suppress(OSError, ValueError, KeyError):  # of the other version, or "max"
                stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
                taken = int((group / used).read_text()) - int(stat[droppable])
                yield int((group / limit).read_text()) - taken


def _cpu_quotas(root: Path) -> Iterator[int]:
    """Cores' worth of time, rounded up, that each control group may take which has a quota."""
    for group in _control_groups("cpu", root):
        with suppress(OSError, ValueError):  # version 2, "max" where there is no quota
            quota, period = map(int, (group / "cpu.max").read_text().split())
            yield math.ceil(quota / period)
        with suppress(OSError, ValueError):  # version 1, -1 where there is no quota
            quota, period = (int((group / f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period"))
            if quota > 0:
                yield math.ceil(quota / period)


def _control_groups(controller: str, root: Path) -> Iterator[Path]:
    """Folders of our control group and of those around it, of either version, which may lack what they are read for.

    In a container, the path of our group may be that of the host: of its folders, only the mount exists.
    """
    listed = root / "proc/self/cgroup"
    for line in listed.read_text().splitlines() if listed.exists() else ():
        _, controllers, path = line.split(":", 2)
        if not controllers:  # version 2, all in one tree
            mount = root / "sys/fs/cgroup"
        elif controller in controllers.split(","):
            mount = root / "sys/fs/cgroup" / controller
        else:
            continue
        own = mount / path.lstrip("/")
        for folder in (own, *own.parents):
            yield folder
            if folder == mount:
                break
