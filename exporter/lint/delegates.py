"""What accelerated backends leave to slower ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

from exporter.lint.subject import Place, Subject
from exporter.operations import Operation

MOST_OUTSIDE = 0.01
"""Share of the multiply-accumulates that may run outside a delegate without a word"""


def left_outside(subject: Subject) -> Iterator[Place]:
    """Operators of a graph of every frame that the delegate does not run."""
    delegation = subject.delegation
    if delegation is None or not subject.every_frame:
        return
    for outside in delegation.outside:
        calls = "1 call" if outside.count == 1 else f"{outside.count} calls"
        for where in outside.where:
            yield Place(where, f"{outside.operator}, {calls}, between {delegation.pieces} delegated pieces")


def arithmetic_outside(subject: Subject) -> Iterator[Place]:
    """Delegates that leave more than a hundredth of the multiply-accumulates to other kernels."""
    delegation = subject.delegation
    if delegation is None or 1 - delegation.macs <= MOST_OUTSIDE:
        return
    for outside in delegation.outside:
        if outside.macs:
            share = f"{1 - delegation.macs:.1%} of the multiply-accumulates are outside {delegation.delegate}"
            yield Place(", ".join(outside.where), f"{share}, most of them in {outside.operator}")


def without_kernel(operation: Operation, subject: Subject) -> str | None:
    """Operators that the runtime has registered nothing for."""
    return operation.kind if operation.attributes.get("registered") is False else None


def newer_than_target(subject: Subject) -> Iterator[Place]:
    """Artefacts that load on a newer system only than the target's users may have."""
    needed = _version(subject.min_os)
    if needed is None or needed <= subject.min_ios:
        return
    newer = [one for one in subject.operations if (one.attributes.get("since") or 0) > subject.min_ios]
    for operation in newer:
        yield Place(operation.where, f"{operation.kind} needs iOS {operation.attributes['since']}")
    if not newer:
        yield Place(subject.graph, f"the file is for iOS {needed}, and the target may have iOS {subject.min_ios}")


def _version(system: str | None) -> int | None:
    """17 of "iOS17" or "iOS 17.2"."""
    found = re.search(r"\d+", system or "")
    return int(found.group()) if found else None
