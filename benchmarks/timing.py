"""How benchmarks time: candidates take turns, so that what slows a machine down slows all of them down.

In each of `ROUNDS` rounds every candidate has a turn, in random order, on `THREADS` threads, and so has the machine's
own rate of matrix multiplication. A ratio is the median of the rounds' ratios: what slows a whole round down cancels.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

THREADS = 2
ROUNDS = 21
TURN_SECONDS = 0.1
"""A turn repeats a run until this long has passed."""
REST_SECONDS = 0.01
"""Between turns, so that one runtime's waiting threads do not slow the next one's down."""
GEMM = 2048
"""Side of the square matrices whose product is the machine's yardstick."""
BUSY = 0.05
"""Share of the machine that others may take before a row is marked."""


@dataclass(frozen=True)
class Timing:
    """What the rounds measured."""

    seconds: dict[str, list[float]]
    """Candidate -> seconds of a run, one value a round"""
    others: float
    """Share of the machine's time that other processes took meanwhile"""

    @classmethod
    def from_json(cls, text: str) -> "Timing":
        return cls(**json.loads(text))

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    def median(self, *names: str) -> float:
        """Median over the rounds of the candidates' sum."""
        return statistics.median(self._sums(names))

    def ratio(self, names: str | tuple[str, ...], others: str | tuple[str, ...]) -> float:
        """Median over the rounds of one sum over the other."""
        above, below = (self._sums((side,) if isinstance(side, str) else side) for side in (names, others))
        return statistics.median(a / b for a, b in zip(above, below, strict=True))

    def spread(self, *names: str) -> float:
        """Distance between the quartiles as a share of the median."""
        low, middle, high = statistics.quantiles(self._sums(names), n=4)
        return (high - low) / middle

    @property
    def gemm(self) -> float:
        """The machine's fp32 rate of matrix multiplication in FLOP/s."""
        return 2 * GEMM**3 / self.median("gemm")

    @property
    def disturbance(self) -> str:
        """What others took, marked where it was too much."""
        return f"{self.others:.1%}{' **busy**' if self.others > BUSY else ''}"

    def _sums(self, names: tuple[str, ...]) -> list[float]:
        return [sum(values) for values in zip(*(self.seconds[name] for name in names), strict=True)]


def in_turns(candidates: dict[str, Callable[[], object]]) -> Timing:
    """Time all candidates, and a matrix product as "gemm"."""
    torch.set_num_threads(THREADS)
    square = torch.randn(GEMM, GEMM)
    candidates = {**candidates, "gemm": lambda: torch.mm(square, square)}
    with torch.inference_mode():
        for run_once in candidates.values():
            run_once()
        seconds: dict[str, list[float]] = {name: [] for name in candidates}
        own, machine = os.times(), _machine_seconds()
        for _ in range(ROUNDS):
            for name in random.sample(list(candidates), len(candidates)):
                seconds[name].append(_turn(candidates[name]))
        own_seconds = sum(os.times()[:2]) - sum(own[:2])
        busy, total = (after - before for before, after in zip(machine, _machine_seconds(), strict=True))
    return Timing(seconds, max(0.0, busy - own_seconds) / total)


def _turn(run_once: Callable[[], object]) -> float:
    """Median seconds of a run, after one that warms the caches up."""
    time.sleep(REST_SECONDS)
    run_once()
    runs: list[float] = []
    while sum(runs) < TURN_SECONDS:
        start = time.perf_counter()
        run_once()
        runs.append(time.perf_counter() - start)
    return statistics.median(runs)


def _machine_seconds() -> tuple[float, float]:
    """(busy, all) seconds of all cores since the start, of every process (Linux)."""
    user, nice, system, idle, waiting, *rest = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9])
    tick = os.sysconf("SC_CLK_TCK")
    busy = user + nice + system + sum(rest)
    return busy / tick, (busy + idle + waiting) / tick


def worker(module: str, kind: str, files: Path, *models: str) -> str:
    """Run one kind of a module's work in a process of its own; returns the last line that it prints."""
    command = [sys.executable, "-m", module, *models, "--worker", kind, "--files", str(files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{kind} {', '.join(models)}: {done.stderr[-3000:]}")
    return done.stdout.splitlines()[-1] if done.stdout else ""
