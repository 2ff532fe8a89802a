"""A slimming run: parent, supernet, search, tuning, export. Each stage is kept in its folder, and not done again.

data ──▶ parent ──▶ supernet ──search──▶ architecture ──tune──▶ checkpoint ──export──▶ bundle
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from device_profiles.schema import Device
from exporter import pipeline
from exporter.backends.runner import Progress
from exporter.bundle import Bundle
from exporter.graphs.normalisation import Normalisation
from exporter.manifest import Preprocessing
from exporter.models.model import Model
from exporter.models.registry import configuration
from exporter.slim.architecture import Architecture, Space
from exporter.slim.budget import limits_of
from exporter.slim.carving import built, tensors_of
from exporter.slim.checkpoint import save
from exporter.slim.judging import ClassifierJudge, counted
from exporter.slim.methods import policy_of
from exporter.slim.prices.host import HOST, Host, host_table
from exporter.slim.prices.phone import phone_table
from exporter.slim.prices.table import Table
from exporter.slim.request import DIGITS, SlimPlan, claimed
from exporter.slim.search.baselines import best_of, drawn, uniform
from exporter.slim.search.history import History
from exporter.slim.search.limits import Limit
from exporter.slim.search.loop import Path as SearchPath
from exporter.slim.search.loop import Step, slim
from exporter.slim.sizes import Sizes
from exporter.slim.statistics import recalibrate
from exporter.slim.supernets.supernet import Supernet
from exporter.train.classification import ClassifierObjective
from exporter.train.kept import trained
from exporter.train.loop import Hardware, Schedule
from exporter.train.pictures.batches import DIGITS as OF_DIGITS
from exporter.train.pictures.batches import PHOTOGRAPHS, Augmentation, PictureBatches
from exporter.train.pictures.digits import digits
from exporter.train.pictures.folder import read_folder
from exporter.train.pictures.labelled import Parts, Pictures, parted
from latency_db.measurement import Conditions

BATCH = 64
RATE, TUNING_RATE = 1e-3, 5e-4
"""AdamW's highest: of what begins anew, and of what has a supernet's weights"""
LAYER_SCALE = 0.1
"""That a parent begins with. The published models begin with 1e-5, under which a short training moves no branch."""


SEARCH = "search.jsonl"
SEARCHED = "searched"
THREADS = 1
"""Of what is timed here: several wait for each other where the machine has other work"""


@dataclass(frozen=True)
class Candidate:
    """An architecture that was tuned."""

    name: str
    """"searched", "uniform" or "random" """
    architecture: Architecture
    accuracy: float
    """On the pictures that were kept apart"""
    choosing_accuracy: float
    """With the supernet's weights, on those that were chosen by"""
    predicted_ms: tuple[float, ...]
    """On each device"""
    measured_ms: float | None
    """On host, if that is one of them"""


@dataclass(frozen=True)
class Slimmed:
    """What came of a run."""

    checkpoint: Path
    bundles: tuple[Bundle, ...]
    parent_accuracy: float
    parent_ms: tuple[float, ...]
    """By the tables of the devices"""
    parent_measured_ms: float | None
    found: Candidate
    baselines: tuple[Candidate, ...]
    path: SearchPath
    limits: tuple[Limit, ...]
    tables: tuple[Table, ...]
    skipped: tuple[str, ...]
    """Files that were no pictures"""


@dataclass(frozen=True, eq=False)
class Setting:
    """What all stages of a run need."""

    plan: SlimPlan
    space: Space
    pictures: Pictures
    parts: Parts
    augmentation: Augmentation
    skipped: tuple[str, ...]
    normalise: Normalisation
    hardware: Hardware
    folder: Path
    progress: Progress

    @property
    def batches(self) -> PictureBatches:
        return PictureBatches(self.pictures, self.parts.training, BATCH, self.augmentation, seed=self.plan.request.seed)

    def schedule(self, rate: float) -> Schedule:
        steps = self.plan.request.epochs * max(1, len(self.parts.training) // BATCH)
        warmup = max(1, steps // 10)
        return Schedule(steps=steps, rate=rate, warmup=warmup, average=0.99, seed=self.plan.request.seed)

    def trained(self, what: str, objective: nn.Module, rate: float) -> None:
        """Train an objective in the folder of that name, unless it is done; it has the result afterwards."""
        schedule, folder = self.schedule(rate), self.folder / what.replace(" ", "_")
        done = iter(range(1, schedule.steps + 1))
        self.progress(f"train {what}", 0.0)
        objective.register_forward_hook(
            lambda *_: self.progress(f"train {what}", next(done, schedule.steps) / schedule.steps)
        )
        trained(objective, self.batches, schedule, folder, self.hardware, workers=0)

    def recalibrate(self, model: nn.Module) -> None:
        """Count the running statistics that averaged weights lack, as the judge does."""
        recalibrate(model, counted(self.pictures, self.parts, self.normalise, self.hardware.device))

    def judge(self, supernet: Supernet) -> ClassifierJudge:
        return ClassifierJudge(supernet, self.normalise, self.pictures, self.parts, self.hardware.device)


def run(plan: SlimPlan, progress: Progress, report: Callable[[Step], None] = lambda step: None) -> Slimmed:
    """Slim a model; begun again with the same request, it goes on where it was. Raises `VitexportError`."""
    setting = _setting(plan, progress)
    tables = tuple(_table(setting, device.id, runtime) for device, runtime in plan.devices)
    parent = _parent(setting)
    supernet = plan.method.supernet(setting.space, parent)
    teacher = built(setting.space, setting.space.parent, tensors_of(parent))
    setting.trained("supernet", plan.method.objective(supernet, setting.normalise, setting.schedule(RATE).steps), RATE)
    start = plan.method.finished(supernet)
    judge = setting.judge(cast(Supernet, supernet))
    teacher_accuracy = judge.accuracy(teacher, setting.parts.judging)

    sizes, prices = Sizes(setting.space), _Prices(setting, tables)
    policy = policy_of(plan.request.policy or plan.method.policy, supernet, tables, sizes)
    history = History(setting.folder / SEARCH)
    path = slim(
        *(setting.space, start, policy, judge, prices.limits(sizes), history),
        recheck=lambda one: prices.measured(one, sizes),
        report=report,
    )
    limits = prices.limits(sizes)
    count = sum(step.weighed for step in path.steps)
    chosen = {
        SEARCHED: path.end,
        "uniform": uniform(setting.space, limits),
        "random": best_of(drawn(setting.space, limits, count, plan.request.seed), judge),
    }
    tuned = {name: _tuned(setting, name, one, judge, teacher) for name, one in chosen.items()}
    measured = prices.whole([setting.space.parent, *chosen.values()])
    candidates = [
        Candidate(
            name,
            one,
            judge.accuracy(tuned[name], setting.parts.judging),
            judge(one),
            tuple(table.ms(one) for table in prices.tables),
            measured[place + 1],
        )
        for place, (name, one) in enumerate(chosen.items())
    ]
    found, *baselines = candidates
    checkpoint = save(
        setting.folder / plan.name,
        cast(Model, tuned[SEARCHED]),
        path.end,
        plan.info.name,
        setting.pictures.classes,
        f"{len(setting.parts.training)} pictures of {plan.request.data}",
        found.accuracy,
        teacher_accuracy,
    )
    bundles = tuple(
        pipeline.export(
            str(checkpoint),
            target=device.id,
            formats=plan.request.formats or _formats(device, runtime),
            out=setting.folder,
        )
        for device, runtime in plan.devices
    )
    parent_ms = tuple(table.ms(setting.space.parent) for table in prices.tables)
    return Slimmed(
        *(checkpoint, bundles, teacher_accuracy, parent_ms, measured[0], found, tuple(baselines), path),
        *(tuple(limits), prices.tables, setting.skipped),
    )


def _setting(plan: SlimPlan, progress: Progress) -> Setting:
    family, size = plan.info.family, plan.image_size
    folder = claimed(plan)
    progress("data", 0.0)
    skipped: tuple[str, ...] = ()
    if plan.request.data == DIGITS:
        pictures, augmentation = digits(size), OF_DIGITS
        parts = parted(pictures.labels)
    else:
        crop = Preprocessing(
            resize="shorter_side_then_center_crop", crop_pct=family.crop_pct, interpolation=family.interpolation
        )
        read = read_folder(Path(plan.request.data), size, crop, folder / "data", lambda share: progress("data", share))
        pictures, parts, skipped, augmentation = read.pictures, read.parts, read.skipped, PHOTOGRAPHS
    space = plan.method.space(configuration(plan.info), size, len(pictures.classes))
    normalise = Normalisation(family.mean, family.std)
    return Setting(
        *(plan, space, pictures, parts, augmentation, skipped, normalise, Hardware.found(), folder, progress)
    )


def _parent(setting: Setting) -> nn.Module:
    """The model with nothing taken away, trained."""
    torch.manual_seed(setting.plan.request.seed)
    parent = setting.space.build(setting.space.parent)
    for name, value in parent.named_parameters():
        if name.endswith(".gamma"):
            nn.init.constant_(value, LAYER_SCALE)
    setting.trained("parent", ClassifierObjective(parent, setting.normalise), RATE)
    setting.recalibrate(parent)
    return parent


def _tuned(
    setting: Setting, name: str, architecture: Architecture, judge: ClassifierJudge, teacher: nn.Module
) -> nn.Module:
    """What is left of a supernet, trained on with its parent as the teacher."""
    model = judge.calibrated(architecture)
    setting.trained(f"{name} network", ClassifierObjective(model, setting.normalise, teacher), TUNING_RATE)
    setting.recalibrate(model)
    return model


def _table(setting: Setting, device: str, runtime: str) -> Table:
    setting.progress(f"prices of {device}", 0.0)
    if device == HOST:
        return host_table(Host(setting.space, runtime, THREADS, setting.folder / "prices"))
    return phone_table(setting.space, device, Conditions(runtime=cast(Any, runtime), unit=None, precision=None))


def _formats(device: Device, runtime: str) -> list[str]:
    """What a device prefers, and what it was priced under."""
    return list(dict.fromkeys((runtime, *device.prefer.formats)))


class _Prices:
    """The tables of a run, of which host's is put right by what whole networks are measured to take."""

    def __init__(self, setting: Setting, tables: tuple[Table, ...]) -> None:
        self.setting, self.tables = setting, tables

    def limits(self, sizes: Sizes) -> list[Limit]:
        return limits_of(self.setting.plan.budgets, self.tables, self.setting.space, sizes)

    def measured(self, architecture: Architecture, sizes: Sizes) -> list[Limit]:
        """Limits after an architecture was timed, in turns with the parent, whose time stays what it was."""
        whole = self.setting.space.parent
        parent, found = self.whole([whole, architecture])
        if parent is not None and found is not None:
            self.tables = tuple(
                table.corrected(architecture, table.ms(whole) * found / parent) if table.device == HOST else table
                for table in self.tables
            )
        return self.limits(sizes)

    def whole(self, architectures: Sequence[Architecture]) -> Sequence[float | None]:
        """ms of each on host; None where host is no target."""
        host = next((table.prices for table in self.tables if isinstance(table.prices, Host)), None)
        return [None] * len(architectures) if host is None else host.whole(architectures)
