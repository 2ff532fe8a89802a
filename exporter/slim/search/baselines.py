"""What a search has to be better than: all stages narrowed alike, and as many architectures drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from exporter.errors import BudgetError
from exporter.slim.architecture import Architecture, Space
from exporter.slim.search.limits import Limit, load
from exporter.slim.search.loop import Judge

SHARES = 200
"""Widths that are tried, evenly spread"""
TRIES = 10
"""Of so many drawn architectures the one is taken that is nearest to its limits"""


def uniform(space: Space, limits: Sequence[Limit]) -> Architecture:
    """The widest of the networks with all of the parent's blocks that is within limits. Raises `BudgetError`."""
    for share in range(SHARES, 0, -1):
        found = space.narrowed(share / SHARES)
        if load(limits, found) <= 1:
            return found
    raise BudgetError("No uniform narrowing meets the budget.")


def drawn(space: Space, limits: Sequence[Limit], count: int, seed: int) -> list[Architecture]:
    """So many architectures within limits, and near them."""
    random = Random(seed)
    found: list[Architecture] = []
    for _ in range(count):
        tried = [_descended(space, limits, random) for _ in range(TRIES)]
        found.append(max(tried, key=lambda one: load(limits, one)))
    return found


def best_of(architectures: Sequence[Architecture], judge: Judge) -> Architecture:
    """That with the best accuracy; the first of several."""
    return max(architectures, key=judge)


def _descended(space: Space, limits: Sequence[Limit], random: Random) -> Architecture:
    """Any architecture, from which parts are taken at random until it is within limits."""
    architecture = space.drawn(random)
    while load(limits, architecture) > 1:
        moves = [left for _, left in space.moves(architecture)]
        if not moves:
            return space.smallest
        architecture = random.choice(moves)
    return architecture
