"""What normalises a value, in a file or program: its statistics, and what makes of them and of it the result.

One range for the variances of all tokens leaves nothing of the small ones in eight bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.operations.operation import Operation


@dataclass(frozen=True)
class NormKinds:
    """Of operators that norms are made of, in the words of a format."""

    root: str
    """A square root or its reciprocal: each may be that of a variance"""
    differences: tuple[str, ...]
    """What may take a mean from what it is of"""
    arithmetic: tuple[str, ...]
    """What a result may be computed by"""
    views: tuple[str, ...]
    """What only moves values"""


def normalisations(operations: Sequence[Operation], kinds: NormKinds) -> list[Operation]:
    """All that layer, group and root-mean-square norms consist of, but for what they are given and what reads them.

    Of the last kind those whose square is a product of a value with itself.
    """
    made = {value.name: one for one in operations for value in one.outputs}
    found: dict[str, Operation] = {}
    for one in operations:
        if one.kind == kinds.root and (norm := _statistics(one, made, kinds)) is not None:
            source, steps = norm
            found |= {step.name: step for step in [*steps, *_results(steps, source, operations, made, kinds)]}
    return list(found.values())


def _statistics(root: Operation, made: Mapping[str, Operation], kinds: NormKinds) -> tuple[str, list[Operation]] | None:
    """The source of what is normalised, and what is computed of it up to the root; None where that is no norm."""
    steps, names = [root], [one.name for one in root.given]
    while len(set(names)) == 1:
        (value,), squared = set(names), len(names) == 2
        maker = made.get(value)
        if maker is not None and maker.kind in kinds.differences and len(maker.given) == 2:
            return _centred(maker, [*steps, maker], made, kinds)
        if squared:
            return _source(value, made, kinds), steps
        if maker is None:
            return None
        steps.append(maker)
        names = [one.name for one in maker.given]
    return None


def _centred(
    difference: Operation, steps: list[Operation], made: Mapping[str, Operation], kinds: NormKinds
) -> tuple[str, list[Operation]] | None:
    """The same, where `difference` takes a mean from what it is of; None where it does not."""
    left, right = (one.name for one in difference.given)
    for value, other in ((left, right), (right, left)):
        source, means = _source(value, made, kinds), list[Operation]()
        while (reached := _source(other, made, kinds)) != source:
            maker = made.get(other)
            if maker is None or len(maker.given) != 1:
                break
            means.append(maker)
            other = maker.given[0].name
        if reached == source:
            return source, [*steps, *means]
    return None


def _source(value: str, made: Mapping[str, Operation], kinds: NormKinds) -> str:
    """What a value is a view of."""
    while (maker := made.get(value)) is not None and maker.kind in kinds.views and len(maker.given) == 1:
        value = maker.given[0].name
    return value


def _results(
    steps: Sequence[Operation],
    source: str,
    operations: Sequence[Operation],
    made: Mapping[str, Operation],
    kinds: NormKinds,
) -> list[Operation]:
    """What is computed of nothing but statistics, what they are of, and constants; views of the result are no part.

    What they are of comes in once: with a result that has it already it is a residual branch, which is no part.
    """
    own, found = {value.name for step in steps for value in step.outputs}, list[Operation]()
    statistics = {value.name for step in steps if step.kind not in kinds.differences for value in step.outputs}
    for one in operations:
        names = [value.name for value in one.given]
        if one.kind not in {*kinds.arithmetic, *kinds.views} or not own.intersection(names):
            continue
        others = [name for name in names if name not in own]
        if others and not statistics.issuperset(own.intersection(names)):
            continue
        if all(_source(name, made, kinds) == source for name in others):
            results = {value.name for value in one.outputs}
            own |= results
            statistics |= results if statistics.issuperset(names) else set()
            found.append(one)
    kept, read = list[Operation](), set[str]()
    for one in reversed(found):
        if one.kind not in kinds.views or read.intersection(value.name for value in one.outputs):
            kept.append(one)
            read |= {value.name for value in one.given}
    return kept
