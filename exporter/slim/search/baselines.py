"""What a search has to be better than: all stages narrowed alike, and as many architectures drawn at random."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random

from exporter.slim.architecture import Architecture, Space
from exporter.slim.search.limits import Limit, load
from exporter.slim.search.loop import Recheck, Score

SHARES = 200
"""Widths that are tried, evenly spread"""
ROUNDS = 5
"""Of measuring one and choosing again"""
TRIES = 3
"""Of so many drawn architectures the one is taken that is nearest to its limits"""


def uniform(space: Space, limits: Sequence[Limit], recheck: Recheck | None = None) -> Architecture | None:
    """The widest of the networks with all of the parent's blocks that is within limits; None where none is.

    Where `recheck` measures, it is within them by its own measurement, whatever that of another says of it.
    """
    best, beyond = None, set[Architecture]()
    for _ in range(ROUNDS):
        found = _widest(space, limits, beyond)
        if best is not None and load(limits, found) <= load(limits, best):
            break  # no wider than it
        limits = limits if recheck is None else recheck(found)
        if load(limits, found) <= 1:
            best = found
        else:
            beyond.add(found)
    return best


def _widest(space: Space, limits: Sequence[Limit], beyond: Collection[Architecture]) -> Architecture:
    """Within limits, or the narrowest; none of those that are known to be beyond them."""
    narrow = (space.narrowed(share / SHARES) for share in range(SHARES, 0, -1))
    within = (one for one in narrow if one not in beyond and load(limits, one) <= 1)
    return next(within, space.narrowed(0))


def drawn(space: Space, limits: Sequence[Limit], count: int, seed: int) -> list[Architecture]:
    """So many architectures within limits, and near them; fewer where hardly any is."""
    random = Random(seed)
    found: list[Architecture] = []
    for _ in range(count):
        tried = [_descended(space, limits, random) for _ in range(TRIES)]
        within = [one for one in tried if load(limits, one) <= 1]
        if within:
            found.append(max(within, key=lambda one: load(limits, one)))
    return found


def best_of(architectures: Sequence[Architecture], judge: Score) -> Architecture | None:
    """That with the best score, the first of several; None of none."""
    return max(architectures, key=judge, default=None)


def _descended(space: Space, limits: Sequence[Limit], random: Random) -> Architecture:
    """The parent, from which parts are taken at random until it is within limits."""
    architecture = space.parent
    while load(limits, architecture) > 1:
        moves = [left for _, left in space.moves(architecture)]
        if not moves:
            return space.smallest
        architecture = random.choice(moves)
    return architecture
