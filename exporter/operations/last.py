"""What comes last in a file or program: what is lost there is not evened out by anything after it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from exporter.operations.operation import Operation


def last(operations: Sequence[Operation], products: Collection[str]) -> Iterator[Operation]:
    """What no product comes after, but a last one; `products` are the kinds of operators with weights.

    These are products whose results nothing reads but the app, and what a classifier pools before its own.
    """
    read_within: set[str] = set()
    """By a product that is not a last one, or by what comes before such a product"""
    read: set[str] = set()
    for one in reversed(operations):
        results, given = {value.name for value in one.outputs}, {value.name for value in one.inputs}
        if results & (read if one.kind in products else read_within):
            read_within |= given
        else:
            yield one
        read |= given
