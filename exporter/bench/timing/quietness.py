"""Whether a machine had nothing else to do while something was timed, and went as fast at the end as before.

Three signs: the share of the wall's time in which this process had no processor, what other processes took meanwhile
(Linux tells in `/proc/stat`; a virtual machine's stolen time counts), and how a piece of arithmetic that nobody times
for its own sake compares before and after.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from latency_db.measurement import Quality

MOST_WAITING = 0.05
"""Share of the time without a processor: single interruptions stay below it."""
MOST_OF_OTHERS = 0.15
"""Of one core, what other processes may take: a desktop's idle services take a few hundredths."""
MOST_DRIFT = 0.05
"""By how much a reference may differ at the end from the beginning"""

_NUMBERS = 2**15
"""That the reference works on, for about 0.1 ms, in the second level of caches"""
_ROUNDS = 15


@dataclass(frozen=True)
class Quietness:
    """What was seen from the beginning to the end of a piece of timing."""

    waiting: float
    """Share of the time in which this process wanted a processor and had none; 0 where threads hide it"""
    others: float | None
    """Cores that other processes took, in the mean; None where the system does not tell"""
    drift: float
    """What the reference took at the end, as a multiple of what it took at the beginning, less 1"""

    @property
    def quality(self) -> Quality:
        if self.waiting > MOST_WAITING or (self.others or 0) > MOST_OF_OTHERS:
            return "busy"
        return "drifting" if abs(self.drift) > MOST_DRIFT else "good"


class Watch:
    """What `watched` yields; `seen` is there once its block has ended."""

    seen: Quietness


@contextmanager
def watched() -> Iterator[Watch]:
    """Look at the machine while the block runs."""
    watch, before = Watch(), _reference()
    busy, own, wall = _busy_seconds(), process_time(), perf_counter()
    yield watch
    seconds, used, total = perf_counter() - wall, process_time() - own, _busy_seconds()
    others = None if busy is None or total is None else max(total - busy - used, 0) / seconds
    watch.seen = Quietness(max(1 - used / seconds, 0), others, _reference() / before - 1)


def _reference() -> float:
    """Seconds for sines, the fastest of several.

    Not of a product of matrices: numpy's libraries for these have threads that go on spinning for a tenth of a second.
    """
    angles = np.linspace(0, np.pi, _NUMBERS)
    times = []
    for _ in range(_ROUNDS):
        begun = perf_counter()
        np.sin(angles)
        times.append(perf_counter() - begun)
    return min(times)


def _busy_seconds() -> float | None:
    """Processor time that anybody has taken since the start of the system, all cores together (proc_stat(5))."""
    statistics = Path("/proc/stat")
    if not statistics.exists():
        return None
    # user, nice, system, idle, iowait, irq, softirq, steal; guests are in user and nice.
    fields = [int(field) for field in statistics.read_text().partition("\n")[0].split()[1:9]]
    return (sum(fields) - sum(fields[3:5])) / os.sysconf("SC_CLK_TCK")
