"""What share of a graph an accelerated backend runs, of the operators that it took and those that it left."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.manifest import Delegation, Outside
from exporter.operations.macs import macs
from exporter.operations.operation import Operation


def delegation(delegate: str, inside: Sequence[Operation], outside: Sequence[Operation], pieces: int) -> Delegation:
    """What a delegate runs of a graph, in so many pieces, and what it does not, by kind."""
    by_kind: dict[str, list[Operation]] = {}
    for call in outside:
        by_kind.setdefault(call.kind, []).append(call)
    inner, outer = sum(map(macs, inside)), sum(map(macs, outside))
    cost = {kind: sum(map(macs, calls)) for kind, calls in by_kind.items()}
    return Delegation(
        delegate=delegate,
        operators=len(inside) / (len(inside) + len(outside)),
        macs=inner / (inner + outer) if inner + outer else 1.0,
        pieces=pieces,
        outside=tuple(
            Outside(
                operator=kind,
                count=len(calls),
                macs=cost[kind],
                where=tuple(dict.fromkeys(call.where for call in calls)),
            )
            for kind, calls in sorted(by_kind.items(), key=lambda item: (-cost[item[0]], -len(item[1])))
        ),
    )
