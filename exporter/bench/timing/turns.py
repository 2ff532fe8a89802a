"""Times several things in turns, so that whatever slows the machine slows all of them alike.

Each is run in blocks, long enough that reading the clock costs nothing; a block's time divided by its runs is one
sample. A turn is a block of each, so that what others leave in the caches is there for all alike. One that takes less
than a block runs several times in a row, and finds its own weights in the nearest caches, as it would not in a model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from time import perf_counter

import numpy as np

from latency_db.measurement import Latency

Call = Callable[[], object]
"""One run"""

BLOCK_MS = 0.15
"""Shortest block: a reading of the clock and the loop around it take a thousandth of that."""
MOST_SAMPLES = 300
"""Of one thing; more make no percentile better that is kept"""
FEWEST_SAMPLES = 5
WARMUP = 3
"""Runs that are not timed: the first allocates, the second may still find new memory"""


@dataclass(frozen=True)
class Samples:
    """What one thing took."""

    ms: tuple[float, ...]
    """Of each block, for one run"""
    block: int
    """Runs in a block"""

    @property
    def latency(self) -> Latency:
        """The distribution. Blocks of several runs do not tell how single runs vary: they have a median and a mean."""
        p50, p90, p99 = (float(value) for value in np.percentile(self.ms, (50, 90, 99)))
        single = self.block == 1
        return Latency(
            p50=p50,
            p90=p90 if single else None,
            p99=p99 if single else None,
            mean=float(np.mean(self.ms)),
            std=float(np.std(self.ms)) if single else None,
            n=len(self.ms) * self.block,
            warmup=WARMUP,
        )


def time_in_turns(calls: Sequence[Call], seconds: float) -> list[Samples]:
    """Time calls for `seconds` each, in turns: `FEWEST_SAMPLES` of each at least, and `MOST_SAMPLES` at most."""
    blocks, rounds = [], []
    for call in calls:
        once = min(_block(call, 1) for _ in range(WARMUP))
        blocks.append(max(1, ceil(BLOCK_MS / max(once, 1e-4))))
        fitting = int(seconds * 1e3 / max(once * blocks[-1], 1e-4))
        rounds.append(min(max(fitting, FEWEST_SAMPLES), MOST_SAMPLES))
    taken: list[list[float]] = [[] for _ in calls]
    for turn in range(max(rounds, default=0)):
        for call, block, most, times in zip(calls, blocks, rounds, taken, strict=True):
            # One with fewer rounds than others has them spread over all of the time.
            if turn * most // max(rounds) >= len(times):
                times.append(_block(call, block) / block)
    return [Samples(tuple(times), block) for times, block in zip(taken, blocks, strict=True)]


def _block(call: Call, runs: int) -> float:
    """ms"""
    begun = perf_counter()
    for _ in range(runs):
        call()
    return (perf_counter() - begun) * 1e3
