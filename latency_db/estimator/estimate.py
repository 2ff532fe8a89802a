"""An answer: milliseconds, the interval that holds nine times in ten, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from latency_db.kernel import Kernel
from latency_db.measurement import Conditions
from latency_db.published.rows import PublishedRow

Method = Literal[
    "measured",
    "kernel table",
    "roofline of the cell",
    "transfer",
    "published",
    "regression over published models",
    "alike device",
]
"""In the order in which they are tried: this very graph or model was timed there; its kernels are summed; its features
are priced; a few anchors lead from the most alike device; others published its latency; others published that of other
models on the device; nothing was timed on the device, or nothing under this runtime, and one with like hardware or with
the same library answers in its place."""


class NoEstimate(ValueError):
    """Nothing is known of a device under a runtime; the message says what there is."""


@dataclass(frozen=True)
class KernelEstimate:
    """What one of a graph's kernels takes each time, ms."""

    graph: str
    kernel: Kernel
    count: int
    """How often the graph has it"""
    ms: float
    low: float
    high: float
    method: str
    """In the words of what priced it, such as `latency_db.operators.estimates.Method`; "share of the total" where only
    the whole is known"""


@dataclass(frozen=True)
class Estimate:
    """What a workload takes on a device."""

    ms: float
    low: float
    high: float
    method: Method
    reason: str
    """One line for the user: what it rests on, and what is doubtful"""
    coverage: float
    """Share of `ms` in kernels that were measured, or that the table has kernels all around of, or, by a roofline, in
    what some model of the cell has, too; 0 to 1"""
    kernels: tuple[KernelEstimate, ...]
    """Their ms, each times its count, add up to that of the whole but for overheads."""
    conditions: Conditions
    """Under which it holds: those that were asked, with what was taken where nobody stated it"""
    rows: tuple[PublishedRow, ...] = ()
    """Published rows of the model on the device, those that were left out too"""
