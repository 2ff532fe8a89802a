"""Takes one part after the other away, each time what costs least accuracy for what it saves, until the limits are met.

arXiv 2206.01191 §4.2 and 2212.08059 §3.4, whose searches differ in nothing but what the policy says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from exporter.errors import BudgetError
from exporter.slim.architecture import Architecture, Move, Space
from exporter.slim.search.history import History
from exporter.slim.search.limits import Limit, load
from exporter.slim.search.policies import Policy

Judge = Callable[[Architecture], float]
"""Accuracy in 0–1 of an architecture"""

Recheck = Callable[[Architecture], Sequence[Limit]]
"""Measures an architecture, and returns the limits as they are after that"""


@dataclass(frozen=True)
class Step:
    """A move that was made."""

    move: Move
    lost: float
    """Accuracy"""
    gain: float
    """By the policy"""
    saved: float
    """Share of the tightest limit"""
    weighed: int
    """Moves that were judged"""
    accuracy: float
    """After it"""
    load: float
    """Likewise"""
    architecture: Architecture


@dataclass(frozen=True)
class Path:
    """A search from its beginning to its end."""

    start: Architecture
    accuracy: float
    """Of the start"""
    load: float
    """Likewise"""
    steps: tuple[Step, ...]

    @property
    def end(self) -> Architecture:
        return self.steps[-1].architecture if self.steps else self.start


def slim(
    space: Space,
    start: Architecture,
    policy: Policy,
    judge: Judge,
    limits: Sequence[Limit],
    history: History,
    *,
    recheck: Recheck | None = None,
    every: int = 8,
    report: Callable[[Step], None] = lambda step: None,
) -> Path:
    """Slim a network until it is within all limits.

    Every so many steps, and where it seems to be within them, `recheck` measures it and puts the limits right. Raises
    `BudgetError` where nothing is left to take away, which says how far it came.
    """

    def judged(architecture: Architecture) -> float:
        known = history.known("accuracy", architecture)
        return history.found("accuracy", architecture, judge(architecture)) if known is None else known

    state, steps = start, list[Step]()
    first = judged(start), load(limits, start)
    while True:
        if recheck is not None and (len(steps) % every == every - 1 or load(limits, state) <= 1):
            limits = recheck(state)
        now = load(limits, state)
        if now <= 1:
            return Path(start, *first, tuple(steps))
        step = _best(policy, space, state, judged, limits)
        if step is None:
            raise BudgetError(f"{_tightest(limits, state)}, and nothing is left that could be taken away.")
        state = step.architecture
        history.step(len(steps), {**asdict(step), "move": str(step.move)})
        steps.append(step)
        report(step)


def _best(policy: Policy, space: Space, state: Architecture, judged: Judge, limits: Sequence[Limit]) -> Step | None:
    """The move that loses least accuracy for what it gains, of those that bring the limits nearer."""
    now, base = load(limits, state), judged(state)
    found = []
    for move, after in policy.moves(space, state):
        gain, left = policy.gain(limits, state, after), load(limits, after)
        if gain > 0 and left < now:
            accuracy = judged(after)
            found.append(Step(move, base - accuracy, gain, now - left, 0, accuracy, left, after))
    if not found:
        return None
    # What loses nothing comes first, and of that what gains most; the rest decides in the same way each time.
    best = min(found, key=lambda one: (one.lost / one.gain, -one.gain, str(one.move)))
    return Step(**{**vars(best), "weighed": len(found)})


def _tightest(limits: Sequence[Limit], state: Architecture) -> str:
    worst = max(limits, key=lambda limit: limit.of(state) / limit.most)
    found = f"The smallest that was found takes {worst.of(state):.3g} {worst.what}"
    return f"{found}, of which {worst.most:.3g} are allowed"
