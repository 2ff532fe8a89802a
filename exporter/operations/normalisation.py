"""What normalises a value, in a file or program: its statistics, and what makes of them and of it the result.

A variance among others thousands of times as great is nothing in eight bits, and so no token may share a range of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from exporter.operations.operation import Operation


def normalisations(
    operations: Sequence[Operation], root: str, arithmetic: Collection[str], views: Collection[str]
) -> list[Operation]:
    """Of all layer, group and root-mean-square norms, which are told by their reciprocal square root.

    `root` is the kind of that; `arithmetic` and `views` are kinds that a result may be computed by.
    """
    made = {value.name: one for one in operations for value in one.outputs}
    found: dict[str, Operation] = {}
    for one in operations:
        if one.kind == root and (norm := _statistics(one, made, views)) is not None:
            given, steps = norm
            found |= {
                step.name: step for step in [*steps, *_results(steps, given, operations, made, arithmetic, views)]
            }
    return list(found.values())


def _statistics(
    root: Operation, made: Mapping[str, Operation], views: Collection[str]
) -> tuple[str, list[Operation]] | None:
    """The source of what is normalised, and what is computed of it up to the root; None where that is no norm."""
    steps, names = [root], [one.name for one in root.given]
    while len(set(names)) == 1 and (maker := made.get(names[0])) is not None:
        squared = names[0] if len(names) == 2 else None
        steps.append(maker)
        names = [one.name for one in maker.given]
        if squared is not None:
            return _centred(maker, steps, made, views) or (_source(squared, made, views), steps[:-1])
        if len(set(names)) == 2:
            return _centred(maker, steps, made, views)
    return None


def _centred(
    difference: Operation, steps: Sequence[Operation], made: Mapping[str, Operation], views: Collection[str]
) -> tuple[str, list[Operation]] | None:
    """The same, where `difference` takes a mean from what it is of; None where it does not."""
    names = [one.name for one in difference.given]
    for value, other in (names, reversed(names)) if len(names) == 2 else ():
        source, means = _source(value, made, views), list[Operation]()
        while _source(other, made, views) != source and (maker := made.get(other)) is not None:
            means.append(maker)
            if len(maker.given) != 1:
                break
            other = maker.given[0].name
        else:
            if _source(other, made, views) == source:
                return source, [*steps, *means]
    return None


def _source(value: str, made: Mapping[str, Operation], views: Collection[str]) -> str:
    """What a value is a view of."""
    while (maker := made.get(value)) is not None and maker.kind in views:
        (value,) = (one.name for one in maker.given)
    return value


def _results(
    steps: Sequence[Operation],
    given: str,
    operations: Sequence[Operation],
    made: Mapping[str, Operation],
    arithmetic: Collection[str],
    views: Collection[str],
) -> list[Operation]:
    """What is computed of nothing but statistics, what they are of, and constants."""
    own, found = {value.name for step in steps for value in step.outputs}, []
    for one in operations:
        names = [value.name for value in one.given]
        if one.kind not in {*arithmetic, *views} or not own.intersection(names):
            continue
        if all(name in own or _source(name, made, views) == given for name in names):
            own |= {value.name for value in one.outputs}
            found.append(one)
    return found
