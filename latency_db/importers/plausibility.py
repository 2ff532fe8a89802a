"""Times that nothing can have taken: of a wrong unit, of an output that nobody waited for, of another kernel."""

from __future__ import annotations

from latency_db.kernel import Kernel
from latency_db.measurement import Latency

MOST_MACS_PER_S, MOST_BYTES_PER_S = 1e14, 1e13
"""Beyond the processors of phones and laptops of 2026 at any precision by a factor of two or more, and beyond their
caches"""
LEAST_MACS_PER_S, LEAST_BYTES_PER_S, START_MS = 3e8, 3e7, 10.0
"""At which a kernel takes six times as long as the slowest in ten shipped tables of phones' GPUs; of what a table has
in µs, 13 to 100 % is beyond it, and one kernel is enough"""
_ROUNDING = 1.001
"""Figures are printed with few digits."""


def check_possible(kernel: Kernel, latency: Latency) -> None:
    """Raise `ValueError`, saying why, for a time in which a kernel cannot be run, or that none takes; for statistics of
    no distribution; and for a kernel whose extents are none."""
    least, most = _bounds(kernel)
    if latency.ms < least:
        raise ValueError(
            f"{latency.ms} ms is too little for '{kernel.key}' on any device: it takes {least:.2g} ms or more"
        )
    if latency.ms > most:
        raise ValueError(
            f"{latency.ms} ms is too much for '{kernel.key}' on any device: it takes {most:.2g} ms or less, and "
            "microseconds are divided by 1000 first"
        )
    if latency.mean is None:
        return
    if latency.p50 is not None and latency.p50 > 2 * latency.mean * _ROUNDING:
        raise ValueError(f"the median {latency.p50} cannot be more than twice the mean {latency.mean}")
    if latency.std is not None and latency.n is not None and latency.std > latency.mean * latency.n**0.5 * _ROUNDING:
        raise ValueError(f"{latency.n} times with a mean of {latency.mean} cannot deviate by {latency.std}")


def _bounds(kernel: Kernel) -> tuple[float, float]:
    """The least and the most ms that a kernel may take. Raises `ValueError` for extents that are none."""
    kernel.check_extents()
    macs, moved = kernel.macs, kernel.bytes_read + kernel.bytes_written
    least = max(macs / MOST_MACS_PER_S, moved / MOST_BYTES_PER_S)
    most = macs / LEAST_MACS_PER_S + moved / LEAST_BYTES_PER_S
    return 1e3 * least, 1e3 * most + START_MS
