"""Which moves a search weighs at each step, and what it counts as gained by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from exporter.slim.architecture import Architecture, Move, Space
from exporter.slim.search.limits import Limit, load

Moves = Iterator[tuple[Move, Architecture]]


class Policy(Protocol):
    """The two questions of the loop."""

    def moves(self, space: Space, architecture: Architecture) -> Moves:
        """Those to weigh."""

    def gain(self, limits: Sequence[Limit], before: Architecture, after: Architecture) -> float:
        """What a move is worth, in anything; accuracy is lost for it."""


@dataclass(frozen=True)
class LeastImportant:
    """EfficientFormer's (arXiv 2206.01191 §4.2): three moves at most, judged by accuracy lost for each ms saved.

    The block with the least importance goes, the first block with attention loses it, or the stage with the least
    importance gets narrower. Where several devices limit, it is the share of the tightest limit that is saved.
    """

    importance: Callable[[int, int], float]
    """(stage, block of the parent) -> what speaks for it"""

    def moves(self, space: Space, architecture: Architecture) -> Moves:
        found = list(space.moves(architecture))
        for kind, key in (("block", self._of_block), ("attention", None), ("width", self._of_stage)):
            among = [one for one in found if one[0].kind == kind]
            if among:
                yield min(among, key=lambda one: key(architecture, one[0])) if key else among[0]

    def gain(self, limits: Sequence[Limit], before: Architecture, after: Architecture) -> float:
        return load(limits, before) - load(limits, after)

    def _of_block(self, architecture: Architecture, move: Move) -> float:
        assert move.block is not None
        return self.importance(move.stage, architecture.kept[move.stage][move.block])

    def _of_stage(self, architecture: Architecture, move: Move) -> float:
        return sum(self.importance(move.stage, block) for block in architecture.kept[move.stage])


@dataclass(frozen=True)
class Efficiency:
    """EfficientFormerV2's mobile efficiency score (arXiv 2212.08059 §3.4): 100 · Π (limited / unit)^-α."""

    parts: Sequence[tuple[Callable[[Architecture], float], float, float]]
    """Of each: what is limited, its unit, and α"""

    def __call__(self, architecture: Architecture) -> float:
        score = 100.0
        for of, unit, alpha in self.parts:
            score *= (of(architecture) / unit) ** -alpha
        return score


@dataclass(frozen=True)
class EveryKnob:
    """EfficientFormerV2's (§3.4): all knobs one notch down, judged by accuracy lost for each point of the score."""

    score: Efficiency

    def moves(self, space: Space, architecture: Architecture) -> Moves:
        return space.moves(architecture)

    def gain(self, limits: Sequence[Limit], before: Architecture, after: Architecture) -> float:
        return self.score(after) - self.score(before)
