"""Takes one part after the other away, each time what costs least accuracy for what it saves, until the limits are met.

arXiv 2206.01191 §4.2 and 2212.08059 §3.4, whose searches differ in nothing but what the policy says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import takewhile
from math import inf

from exporter.errors import BudgetError
from exporter.slim.architecture import Architecture, Move, MoveKind, Space
from exporter.slim.search.history import History
from exporter.slim.search.limits import Limit, load
from exporter.slim.search.policies import Policy

Score = Callable[[Architecture], float]
"""How good an architecture is, in 0–1: its accuracy, or what tells architectures apart where that does not"""

Knob = tuple[MoveKind, int, int | None]
"""Kind, stage and block of the parent that a move takes something of"""

Recheck = Callable[[Architecture], Sequence[Limit]]
"""Measures an architecture, and returns the limits as they are after that"""


@dataclass(frozen=True)
class Step:
    """A move that was made."""

    move: Move
    lost: float
    """Score"""
    gain: float
    """By the policy"""
    saved: float
    """Share of the tightest limit"""
    weighed: int
    """Moves that were judged"""
    score: float
    """After it"""
    load: float
    """Likewise"""
    architecture: Architecture

    def __str__(self) -> str:
        """What was taken away, what it cost, and what it saved"""
        lost = f"{self.lost:.2g} of the score lost" if self.lost > 0 else "nothing of the score lost"
        saved = f"{self.saved:.1%} of the budget, best of {self.weighed} judged; now at {self.load:.0%} of it"
        return f"{self.move}: {lost} for {saved}"


@dataclass(frozen=True)
class Undone:
    """A step that is taken back."""

    step: Step
    why: str

    def __str__(self) -> str:
        return f"{self.step.move}: undone, as {self.why}"


Report = Callable[[Step | Undone], None]
"""Told of all that is made and undone, in turn: the steps that are left at last are the path's"""


@dataclass(frozen=True)
class Path:
    """A search from its beginning to its end."""

    start: Architecture
    score: float
    """Of the start"""
    load: float
    """Likewise"""
    steps: tuple[Step, ...]
    judged: int
    """Networks, on ways that were undone, too"""

    @property
    def end(self) -> Architecture:
        return self.steps[-1].architecture if self.steps else self.start


SCORE = "score"
"""What a history keeps of a network that was judged"""
RECHECKED_AFTER = 0.1
"""Share that a load falls by before it is measured again"""
SLACK = 0.03
"""Share of a limit that a network may leave unused by the table; twice as much where it is measured"""
LEFT_MUCH = f"it leaves more than {2 * SLACK:.0%} of the budget unused; another step may come nearer to it"
LED_LESS_NEAR = "what was found before comes nearer to the budget"
ATTEMPTS = 4
"""Networks within all limits that are measured at most, to find one that leaves less"""


def slim(
    space: Space,
    start: Architecture,
    policy: Policy,
    judge: Score,
    limits: Sequence[Limit],
    history: History,
    *,
    price: Callable[[Iterable[Architecture]], None] = lambda architectures: None,
    recheck: Recheck | None = None,
    report: Report = lambda event: None,
) -> Path:
    """Slim a network until it is within all limits.

    Now and then, and where it seems to be within them, `recheck` measures it and puts the limits right. Where it turns
    out to leave much unused, the last step is undone and another one made.
    `price` is told of all architectures that will be asked about at a step. Raises `BudgetError` where nothing is left
    to take away, which says how far it came.
    """
    remembered, asked = history.remembered(SCORE, judge), set[Architecture]()
    state, steps, lost = start, list[Step](), dict[Knob, float]()

    def judged(architecture: Architecture) -> float:
        asked.add(architecture)
        return remembered(architecture)

    first = judged(start), load(limits, start)
    checked = first[1]
    ends = dict[Architecture, tuple[float, tuple[Step, ...]]]()

    def make(step: Step) -> None:
        history.event("step", len(steps), {**asdict(step), "move": str(step.move)})
        steps.append(step)
        report(step)

    def undo(why: str) -> None:
        undone = Undone(steps.pop(), why)
        history.event("undone", len(steps), {**asdict(undone.step), "move": str(undone.step.move), "why": why})
        report(undone)

    while True:
        now = load(limits, state)
        if recheck is not None and now <= max(1, (1 - RECHECKED_AFTER) * checked):
            limits = recheck(state)
            now = checked = load(limits, state)
        if now <= 1:
            ends[state] = now, tuple(steps)
            if now >= 1 - 2 * SLACK or not steps or len(ends) == ATTEMPTS:
                break
            undo(LEFT_MUCH)
            state = steps[-1].architecture if steps else start
            continue
        moves = [(move, after) for move, after in policy.moves(space, state) if after not in ends]
        price(after for _, after in moves)
        step = _best(policy, moves, state, judged, limits, lost)
        if step is None and not ends:
            raise BudgetError(f"{_tightest(limits, state)}, and nothing is left that could be taken away.")
        if step is None:
            break
        state = step.architecture
        make(step)
    end, (_, taken) = max(ends.items(), key=lambda item: item[1][0])
    if recheck is not None:
        recheck(end)  # so that it is by this one, not by the last that was tried, that limits are right at last
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(steps, taken, strict=False)))
    while len(steps) > common:
        undo(LED_LESS_NEAR)
    for step in taken[common:]:
        make(step)
    return Path(start, *first, tuple(steps), len(asked))


def _best(
    policy: Policy,
    moves: Sequence[tuple[Move, Architecture]],
    state: Architecture,
    judged: Score,
    limits: Sequence[Limit],
    lost: dict[Knob, float],
) -> Step | None:
    """The move that loses least score for what it gains, of those that bring the limits nearer.

    One that takes more than was asked for is not made while there are others.

    What a notch of a knob lost when it was judged last, in `lost`, is about the least that it loses now, as a smaller
    network has less to spare. So only the move that looks best by that is judged, until one that was is still the best.
    """
    now, base = load(limits, state), judged(state)
    found = [
        _Weighed(move, after, gain, left, lost.get(_knob(state, move), -inf))
        for move, after in moves
        if (gain := policy.gain(limits, state, after)) > 0 and (left := load(limits, after)) < now
    ]
    found = [one for one in found if one.left > 1 - SLACK] or found
    weighed = 0
    while found:
        best = min(found, key=_Weighed.order)
        if best.score is not None:
            return Step(best.move, best.lost, best.gain, now - best.left, weighed, best.score, best.left, best.after)
        score = judged(best.after)
        lost[_knob(state, best.move)] = base - score
        found[found.index(best)] = replace(best, lost=base - score, score=score)
        weighed += 1
    return None


@dataclass(frozen=True)
class _Weighed:
    """A move, and what is known of it."""

    move: Move
    after: Architecture
    gain: float
    left: float
    """Load after it"""
    lost: float
    """When it was judged last"""
    score: float | None = None
    """After it, if it was judged at this step"""

    def order(self) -> tuple[float, float, str]:
        """Least lost for what is gained; the rest decides in the same way each time."""
        return self.lost / self.gain, -self.gain, str(self.move)


def _knob(architecture: Architecture, move: Move) -> Knob:
    kept = architecture.kept[move.stage] if move.block is not None else ()
    return move.kind, move.stage, None if move.block is None else kept[move.block]


def _tightest(limits: Sequence[Limit], state: Architecture) -> str:
    worst = max(limits, key=lambda limit: limit.of(state) / limit.most)
    found = f"The smallest that was found takes {worst.of(state):.3g} {worst.what}"
    return f"{found}, of which {worst.most:.3g} are allowed"
