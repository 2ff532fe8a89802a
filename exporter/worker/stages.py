"""Runs the stages of a piece of work side by side, in forks, each as soon as those that it builds on are done."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from exporter.backends.runner import Progress
from exporter.worker.fork import Fork, Work, forks, readable


@dataclass(frozen=True)
class Stage:
    """A part of the work."""

    name: str
    """As progress shows it"""
    work: Work
    """Called with a `Report` and the results of `after`, in that order."""
    after: tuple[str, ...] = ()
    """Names of the stages that it builds on, all listed before it"""
    group: str = ""
    """Stages of one group share a toolchain, which takes seconds to import: a process stays with a group if it can."""
    weight: float = 1.0
    """How long it takes, compared with the others"""
    alone: bool = False
    """Whether it is timed, so that nothing may run beside it"""


def run_stages(stages: Sequence[Stage], workers: int, progress: Progress) -> dict[str, Any]:
    """Run all stages and return their results by name; the first error ends the work, and is raised here.

    With one worker, and where processes cannot be forked safely, they run in this process, in the order in which they
    are listed. Raises `BackendError` if a process ends amidst its work.
    """
    _check(stages)
    shares, workers = _Shares(stages, progress), min(workers, len(stages))
    if workers >= 2 and sys.platform == "linux":
        with forks({stage.name: stage.work for stage in stages}, workers) as processes:
            return _side_by_side(stages, processes, shares)
    results: dict[str, Any] = {}
    for stage in stages:
        shares.begin(stage.name)
        report = partial(shares.report, stage.name)
        results[stage.name] = stage.work(report, *(results[name] for name in stage.after))
        shares.end(stage.name)
    return results


def _check(stages: Sequence[Stage]) -> None:
    """Raises `ValueError` where two stages have one name, or one is listed before another that it builds on."""
    known = set[str]()
    for stage in stages:
        if stage.name in known or not known.issuperset(stage.after):
            raise ValueError(f"The stage {stage.name!r} is there twice, or listed before one that it builds on.")
        known.add(stage.name)


class _Shares:
    """Puts together how far the stages are."""

    def __init__(self, stages: Sequence[Stage], progress: Progress) -> None:
        self._weights = {stage.name: stage.weight for stage in stages}
        self._done = dict.fromkeys(self._weights, 0.0)
        self._progress = progress

    def begin(self, name: str) -> None:
        self._show(name)

    def report(self, name: str, what: str, share: float) -> None:
        """A stage says how far it is."""
        self._done[name] = max(self._done[name], min(share, 1.0))
        self._show(f"{name}, {what}")

    def end(self, name: str) -> None:
        self._done[name] = 1.0
        self._show(name)

    def _show(self, what: str) -> None:
        done = sum(share * self._weights[name] for name, share in self._done.items())
        self._progress(what, done / sum(self._weights.values()))


def _side_by_side(stages: Sequence[Stage], processes: Sequence[Fork], shares: _Shares) -> dict[str, Any]:
    waiting, urgency, results = list(stages), _urgency(stages), dict[str, Any]()
    running, groups = dict[Fork, Stage](), dict.fromkeys(processes, "")
    while waiting or running:
        ready = [stage for stage in waiting if all(name in results for name in stage.after)]
        while (chosen := _next(ready, running, groups, urgency)) is not None:
            process, stage = chosen
            ready.remove(stage)
            waiting.remove(stage)
            running[process], groups[process] = stage, stage.group or groups[process]
            shares.begin(stage.name)
            process.send(stage.name, [results[name] for name in stage.after])
        for process in readable(list(running)):
            name = running[process].name
            kind, content = process.receive()
            if kind == "report":
                shares.report(name, *content)
            else:
                del running[process]
                results[name] = content
                shares.end(name)
    return results


def _next(
    ready: Sequence[Stage], running: Mapping[Fork, Stage], groups: Mapping[Fork, str], urgency: Mapping[str, float]
) -> tuple[Fork, Stage] | None:
    """An idle process and the stage for it; None if there is no such pair now.

    That stage comes first behind which the longest chain of work waits. Of several, one goes to a process of its own
    group first, then to one where no process is at work on the group. What runs alone waits until nothing runs and
    nothing else can begin.
    """
    idle = [process for process in groups if process not in running]
    beside = [stage for stage in ready if not stage.alone]
    if running and not beside:
        return None
    taken = {stage.group for stage in running.values()}
    return max(
        ((process, stage) for process in idle for stage in beside or ready),
        key=lambda pair: (urgency[pair[1].name], pair[1].group == groups[pair[0]], pair[1].group not in taken),
        default=None,
    )


def _urgency(stages: Sequence[Stage]) -> dict[str, float]:
    """How long it takes from the beginning of each stage to the end of the longest chain of those that build on it."""
    behind = dict.fromkeys((stage.name for stage in stages), 0.0)
    for stage in reversed(stages):
        for name in stage.after:
            behind[name] = max(behind[name], stage.weight + behind[stage.name])
    return {stage.name: stage.weight + behind[stage.name] for stage in stages}
