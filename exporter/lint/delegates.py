"""What accelerated backends leave to slower ones."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.lint.subject import Place, Subject

MOST_OUTSIDE = 0.01
"""Share of the multiply-accumulates that may run outside a delegate without a word"""


def left_outside(subject: Subject) -> Iterator[Place]:
    """Find what the delegate does not run, in a graph that runs on every frame."""
    delegation = subject.delegation
    if delegation is None or not subject.every_frame:
        return
    for outside in delegation.outside:
        calls = "1 call" if outside.count == 1 else f"{outside.count} calls"
        for where in outside.where:
            yield Place(where, f"{outside.operator}, {calls}, between {delegation.pieces} delegated pieces")


def arithmetic_outside(subject: Subject) -> Iterator[Place]:
    """Find delegates that leave more than a hundredth of the multiply-accumulates to other kernels."""
    delegation = subject.delegation
    if delegation is None or 1 - delegation.macs <= MOST_OUTSIDE:
        return
    for outside in delegation.outside:
        if outside.macs:
            share = f"{1 - delegation.macs:.1%} of the multiply-accumulates are outside {delegation.delegate}"
            yield Place(", ".join(outside.where), f"{share}, most of them in {outside.operator}")
