"""One option for each part of something, so that all of them together cost least and lose no more than is allowed.

What a part is, what an option costs and what it loses is the caller's: operator kinds and bits, layers and channels,
or layers and tokens; in ms or bytes, by noise or accuracy. Costs and losses of parts must add up, if only roughly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Option:
    """What may become of a part."""

    name: str
    cost: float
    loss: float


@dataclass(frozen=True)
class Choice:
    """An option for each part."""

    options: Mapping[str, Option]

    @property
    def cost(self) -> float:
        return sum(one.cost for one in self.options.values())

    @property
    def loss(self) -> float:
        return sum(one.loss for one in self.options.values())

    def replaced(self, part: str, option: Option) -> Choice:
        return Choice({**self.options, part: option})


def frontier(parts: Mapping[str, Sequence[Option]]) -> list[Choice]:
    """The choices that are best for some price of loss, from the least loss on to the least cost.

    They are those that minimise cost + price · loss, for all prices: each part goes along its own convex hull, and of
    all steps that are left the one is taken that saves most for what it loses (H. Everett, 1963).
    """
    hulls = {part: _hull(options) for part, options in parts.items()}
    steps = [
        ((after.loss - before.loss) / (before.cost - after.cost), place, part, after)
        for part, hull in hulls.items()
        for place, (before, after) in enumerate(pairwise(hull))
    ]
    found = [Choice({part: hull[0] for part, hull in hulls.items()})]
    for _, _, part, option in sorted(steps, key=lambda step: step[:3]):
        found.append(found[-1].replaced(part, option))
    return found


def allocate(parts: Mapping[str, Sequence[Option]], most_loss: float) -> Choice:
    """The choice that costs least of those that lose no more; what the frontier leaves of the loss is spent as well.

    Raises `ValueError` where even the choice that loses least loses more.
    """
    within = [choice for choice in frontier(parts) if choice.loss <= most_loss]
    if not within:
        raise ValueError(f"the least that can be lost is {frontier(parts)[0].loss:g}, and {most_loss:g} is allowed")
    best = min(within, key=lambda choice: choice.cost)
    while cheaper := [one for one in _neighbours(best, parts) if one.loss <= most_loss and one.cost < best.cost]:
        best = min(cheaper, key=lambda choice: choice.cost)
    return best


def _neighbours(choice: Choice, parts: Mapping[str, Sequence[Option]]) -> Iterator[Choice]:
    return (choice.replaced(part, option) for part, options in parts.items() for option in options)


def _hull(options: Sequence[Option]) -> list[Option]:
    """The lower convex hull of (loss, cost), from the least loss on to the least cost."""
    hull: list[Option] = []
    for option in sorted(options, key=lambda one: (one.loss, one.cost)):
        if hull and option.cost >= hull[-1].cost:
            continue
        while len(hull) > 1 and _slope(hull[-2], option) <= _slope(hull[-2], hull[-1]):
            hull.pop()
        hull.append(option)
    return hull


def _slope(before: Option, after: Option) -> float:
    """What is lost for what is saved."""
    return (after.loss - before.loss) / (before.cost - after.cost)
