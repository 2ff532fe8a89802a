"""What the spaces of networks in stages have in common: their widths, and which blocks may go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

Widths = tuple[int, ...]
Kept = tuple[tuple[int, ...], ...]
"""For each stage, its blocks that are left"""


def widths_down(width: int, notch: int, least: float) -> Widths:
    """What a stage of a parent may be as wide as, from narrow to wide: multiples of a notch, and the parent's width."""
    lowest = max(notch, -(-int(width * least) // notch) * notch)
    return tuple(dict.fromkeys((*range(lowest, width, notch), width)))


def narrower(widths: Widths, possible: Sequence[Widths]) -> Iterator[tuple[int, Widths]]:
    """Stages that may be narrowed by a notch, each with the widths then: none is wider than the stage after it."""
    for stage, width in enumerate(widths):
        below = [one for one in possible[stage] if one < width]
        if below and (stage == 0 or below[-1] >= widths[stage - 1]):
            yield stage, (*widths[:stage], below[-1], *widths[stage + 1 :])


def share_of(share: float, possible: Sequence[Widths]) -> Widths:
    """Of what each stage may be as wide as, the nearest to a share of its widest."""
    return tuple(min(options, key=lambda one: (abs(one - share * options[-1]), -one)) for options in possible)


def removals(kept: Kept) -> Iterator[tuple[int, int]]:
    """(stage, place) of each block that may go: a stage keeps one."""
    for stage, blocks in enumerate(kept):
        if len(blocks) > 1:
            yield from ((stage, place) for place in range(len(blocks)))


def dropped(kept: Kept, stage: int, place: int) -> Kept:
    left = (*kept[stage][:place], *kept[stage][place + 1 :])
    return (*kept[:stage], left, *kept[stage + 1 :])


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
