"""A slimming run: parent, supernet, search, tuning, export. Each stage is kept in its folder, and not done again.

data ──▶ parent ──▶ supernet ──search──▶ architecture ──tune──▶ checkpoint ──export──▶ bundle
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from torch import nn

from exporter import pipeline
from exporter.backends.runner import Progress
from exporter.errors import BudgetError, VitexportError
from exporter.models.model import Model
from exporter.slim.architecture import Architecture, Space
from exporter.slim.budget import Budget
from exporter.slim.carving import built, tensors_of
from exporter.slim.checkpoint import Origin, save
from exporter.slim.methods import policy_of
from exporter.slim.prices.host import HOST, Host, host_table
from exporter.slim.prices.phone import phone_table
from exporter.slim.prices.table import Table
from exporter.slim.prices.tables import Tables
from exporter.slim.report import write_page
from exporter.slim.request import PRICES, SEARCH, SlimPlan, Target, claim, folder_of, release
from exporter.slim.result import Candidate, Slimmed
from exporter.slim.search.baselines import best_of, drawn, uniform
from exporter.slim.search.history import History
from exporter.slim.search.limits import Limit, load
from exporter.slim.search.loop import SCORE, Recheck, Report, slim
from exporter.slim.search.loop import Path as SearchPath
from exporter.slim.supernets.supernet import Supernet
from exporter.slim.tasks.classifying import classifying
from exporter.slim.tasks.task import Judge, Task
from exporter.slim.tasks.tracking import tracking
from exporter.slim.training import Trainer
from exporter.train.loop import Hardware
from latency_db.measurement import Conditions

PARENT, SEARCHED, UNIFORM, RANDOM = "parent", "searched", "uniform", "random"
THREADS = 1
"""Of what is timed here: several wait for each other where the machine has other work"""


TASKS: Mapping[str, Callable[[SlimPlan, Trainer], Task]] = {"classify": classifying, "track": tracking}


def run(plan: SlimPlan, progress: Progress, report: Report = lambda event: None) -> Slimmed:
    """Slim a model; begun again with the same request, it goes on where it was. Raises `VitexportError`."""
    ready = prepared(plan, progress)
    task = ready.task
    progress("search", 0.0)
    path = searched(ready, plan.budgets, ready.start, report)
    chosen = {SEARCHED: path.end, **baselines(ready, plan.budgets, path)}
    models = {PARENT: ready.teacher}
    models |= {name: task.tuned(name, ready.judge.calibrated(one), ready.teacher) for name, one in chosen.items()}
    progress("judge", 0.0)
    parent, found, *others = candidates(ready, {PARENT: task.space.parent, **chosen}, models)
    checkpoint = save(
        ready.folder / plan.name,
        cast(Model, models[SEARCHED].cpu()),
        path.end,
        Origin(plan.info.name, task.trained_on, found.accuracy, parent.accuracy, task.classes),
    )
    shown = ready.history.remembered("shown", ready.judge.shown)
    slimmed = Slimmed(
        checkpoint=checkpoint,
        bundles=(),
        model=plan.info.name,
        budgets=tuple(plan.request.budgets),
        trained_on=task.trained_on,
        epochs=plan.epochs,
        seed=plan.request.seed,
        measure=task.measure,
        parent=parent,
        searched=found,
        baselines=tuple(others),
        path=path,
        shown=tuple(map(shown, (path.start, *(step.architecture for step in path.steps)))),
        limits=tuple(ready.tables.limits(plan.budgets)),
        tables=ready.tables.all,
        skipped=task.skipped,
    )
    write_page(slimmed)
    bundles = tuple(
        pipeline.export(str(checkpoint), target=target.device.id, formats=target.formats, out=ready.folder)
        for target in plan.targets
    )
    return replace(slimmed, bundles=bundles)


@dataclass(frozen=True, eq=False)
class Ready:
    """A run whose search may begin."""

    plan: SlimPlan
    folder: Path
    task: Task
    teacher: nn.Module
    """The parent as it was before it became a supernet"""
    supernet: Supernet
    judge: Judge
    start: Architecture
    tables: Tables
    history: History

    def correct(self, tables: Tables, budgets: Sequence[Budget]) -> Recheck:
        """Times a network and corrects tables by it; returns what budgets are by them then."""

        def recheck(architecture: Architecture) -> Sequence[Limit]:
            tables.correct(architecture, self.history)
            return tables.limits(budgets)

        return recheck


def prepared(plan: SlimPlan, progress: Progress) -> Ready:
    """With the pieces of the parent priced, and the parent and its supernet trained.

    Raises `BudgetError` where nothing has to be taken away, or all that may be is not enough.
    """
    folder = folder_of(plan)
    task = TASKS[plan.info.family.task](plan, Trainer(folder, Hardware.found(), progress, plan.request.seed))
    space, history = task.space, History(folder / SEARCH)
    claim(plan, folder)  # what pieces take depends on the pictures' size and their classes, which are the request's
    progress("prices", 0.0)
    try:
        tables = Tables(space, tuple(_table(space, target, plan, folder) for target in plan.targets))
        tables.correct(space.smallest, history)
        _refuse_in_vain(tables.limits(plan.budgets), space, plan.info.name)
        parent = task.parent()
    except VitexportError:
        release(folder)
        raise
    teacher = built(space, space.parent, tensors_of(parent))
    supernet, start = task.supernet(parent)
    return Ready(plan, folder, task, teacher, supernet, task.judge(supernet), start, tables, history)


def _refuse_in_vain(limits: Sequence[Limit], space: Space, name: str) -> None:
    for limit in limits:
        if load([limit], space.smallest) > 1:
            raise BudgetError(
                f"The smallest that {name} can be slimmed to has {limit.of(space.smallest):.3g} {limit.what}, and "
                f"{limit.most:.3g} are allowed: pass a larger --budget."
            )
    if load(limits, space.parent) <= 1:
        raise BudgetError(f"{name} is within the budget as it is: pass a smaller --budget, or export it.")


def searched(
    ready: Ready, budgets: Sequence[Budget], start: Architecture, report: Report = lambda event: None
) -> SearchPath:
    """The search from an architecture to budgets, by the tables as they are corrected meanwhile."""
    tables = ready.tables
    policy = policy_of(ready.plan.policy, ready.supernet, tables)
    return slim(
        *(tables.space, start, policy, ready.judge, tables.limits(budgets), ready.history),
        price=tables.ask,
        recheck=ready.correct(tables, budgets),
        report=report,
    )


def baselines(ready: Ready, budgets: Sequence[Budget], path: SearchPath) -> dict[str, Architecture]:
    """What a search has to beat: the best of as many drawn networks as it judged, and uniform narrowing, if it can."""
    tables = ready.tables
    others = drawn(tables.space, tables.limits(budgets), path.judged, ready.plan.request.seed)
    found = {
        UNIFORM: narrowed(ready, budgets),
        RANDOM: best_of(others, ready.history.remembered(SCORE, ready.judge)),
    }
    return {name: architecture for name, architecture in found.items() if architecture is not None}


def narrowed(ready: Ready, budgets: Sequence[Budget]) -> Architecture | None:
    """The widest uniformly narrowed network within budgets, by tables that are corrected by such."""
    tables = ready.tables.copy()
    return uniform(tables.space, tables.limits(budgets), ready.correct(tables, budgets))


def candidates(ready: Ready, networks: Mapping[str, Architecture], models: Mapping[str, nn.Module]) -> list[Candidate]:
    """Networks with their trained models, judged, and timed in turns where the device is here."""
    tables = ready.tables
    timed = tables.whole(list(networks.values()))
    return [
        Candidate(
            name,
            one,
            ready.task.accuracy(models[name]),
            tables.sizes.parameters(one),
            tuple(table.ms(one) for table in tables.all),
            ms,
        )
        for (name, one), ms in zip(networks.items(), timed, strict=True)
    ]


def _table(space: Space, target: Target, plan: SlimPlan, folder: Path) -> Table:
    if target.device.id == HOST:
        return host_table(Host(space, target.runtime, THREADS, folder / PRICES))
    return phone_table(space, plan.info, target.device.id, Conditions(cast(Any, target.runtime), None, None))
