"""What the spaces of networks in stages have in common: their widths, and which blocks may go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")
Widths = tuple[int, ...]
Kept = tuple[tuple[int, ...], ...]
"""For each stage, its blocks that are left"""


@dataclass(frozen=True)
class Stages:
    """What all architectures of a classifier in stages share."""

    config: Any
    """The parent's"""
    image_size: int
    num_classes: int
    in_channels: int = 3
    notch: int = 8
    """Channels that a stage is narrowed by; the published widths are multiples of it"""
    least: float = 0.25
    """Share of the parent's channels that each stage keeps"""

    @cached_property
    def widths(self) -> tuple[Widths, ...]:
        """For each stage, all that it may have, from narrow to wide."""
        return tuple(widths_down(width, self.notch, self.least) for width in self.config.widths)

    def stage_of(self, side: int) -> int:
        """The stage whose maps are so many pixels wide."""
        return next(stage for stage in range(len(self.widths)) if resolution(self.image_size, stage) == side)


def knots(options: Sequence[int], count: int = 3) -> tuple[int, ...]:
    """So many of them, the first, the last and what lies evenly between; fewer of few."""
    places = sorted({round(one * (len(options) - 1) / (count - 1)) for one in range(count)})
    return tuple(options[place] for place in places)


def changed(values: tuple[T, ...], place: int, value: T) -> tuple[T, ...]:
    """With one value in the place of another."""
    return (*values[:place], value, *values[place + 1 :])


def without(values: tuple[T, ...], place: int) -> tuple[T, ...]:
    """All but one."""
    return (*values[:place], *values[place + 1 :])


def nearest(share: float, options: Sequence[int]) -> int:
    """Of several numbers, the last of which is the most, the nearest to a share of that; the larger of two."""
    return min(options, key=lambda one: (abs(one - share * options[-1]), -one))


def widths_down(width: int, notch: int, least: float) -> Widths:
    """What a stage of a parent may be as wide as, from narrow to wide: multiples of a notch, and the parent's width."""
    lowest = max(notch, -(-int(width * least) // notch) * notch)
    return tuple(dict.fromkeys((*range(lowest, width, notch), width)))


def narrower(widths: Widths, possible: Sequence[Widths]) -> Iterator[tuple[int, Widths]]:
    """Stages that may be narrowed by a notch, each with the widths then: none is wider than the stage after it."""
    for stage, width in enumerate(widths):
        below = [one for one in possible[stage] if one < width]
        if below and (stage == 0 or below[-1] >= widths[stage - 1]):
            yield stage, changed(widths, stage, below[-1])


def share_of(share: float, possible: Sequence[Widths]) -> Widths:
    """Of what each stage may be as wide as, the nearest to a share of its widest."""
    return tuple(nearest(share, options) for options in possible)


def removals(kept: Kept) -> Iterator[tuple[int, int]]:
    """(stage, place) of each block that may go: a stage keeps one."""
    for stage, blocks in enumerate(kept):
        if len(blocks) > 1:
            yield from ((stage, place) for place in range(len(blocks)))


def dropped(kept: Kept, stage: int, place: int) -> Kept:
    return changed(kept, stage, without(kept[stage], place))


def resolution(image_size: int, stage: int) -> int:
    """Side of the maps of a stage, of networks whose first runs at a quarter of the image's size."""
    return image_size // (4 * 2**stage)


def some_widths(random: Random, possible: Sequence[Widths]) -> Widths:
    """One of each stage's, at random, none wider than the next."""
    found: list[int] = []
    for options in possible:
        found.append(random.choice([one for one in options if one >= max(found, default=0)]))
    return tuple(found)


def some_blocks(random: Random, depths: Sequence[int]) -> Kept:
    """So many of each stage's blocks as is drawn first, at random."""
    return tuple(tuple(sorted(random.sample(range(depth), random.randint(1, depth)))) for depth in depths)
