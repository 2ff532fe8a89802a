"""Times that nothing can have taken: of a wrong unit, of an output that nobody waited for, of another kernel."""

from __future__ import annotations

from latency_db.kernel import Kernel
from latency_db.measurement import Latency

MOST_MACS_PER_S, MOST_BYTES_PER_S = 1e14, 1e13
"""Beyond the processors of phones and laptops of 2026 at any precision by a factor of two or more, and beyond their
caches"""
_ROUNDING = 1.001
"""Figures are printed with few digits."""


def check_possible(kernel: Kernel, latency: Latency) -> None:
    """Raise `ValueError`, saying why, for a time in which a kernel cannot be run, or statistics of no distribution."""
    least = 1e3 * max(kernel.macs / MOST_MACS_PER_S, (kernel.bytes_read + kernel.bytes_written) / MOST_BYTES_PER_S)
    if latency.ms < least:
        raise ValueError(
            f"{latency.ms} ms is too little for '{kernel.key}' on any device: it takes {least:.2g} ms or more"
        )
    if latency.mean is None:
        return
    if latency.p50 is not None and latency.p50 > 2 * latency.mean * _ROUNDING:
        raise ValueError(f"the median {latency.p50} cannot be more than twice the mean {latency.mean}")
    if latency.std is not None and latency.n is not None and latency.std > latency.mean * latency.n**0.5 * _ROUNDING:
        raise ValueError(f"{latency.n} times with a mean of {latency.mean} cannot deviate by {latency.std}")
