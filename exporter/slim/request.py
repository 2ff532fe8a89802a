"""What a user asks of a slimming run, settled before anything is trained."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from device_profiles.platforms import runs
from device_profiles.schema import Device
from exporter.backends import backend, installed
from exporter.bench.kernels.artifacts import RUNTIMES as TIMED_HERE
from exporter.budgets import IMAGE_SIZE
from exporter.errors import BudgetError, InputShapeError
from exporter.latency.workloads import RUNTIMES
from exporter.models.registry import ModelInfo, model_info
from exporter.plan import ExportRequest, device_of, plan
from exporter.slim.budget import Budget
from exporter.slim.methods import METHODS, Method, PolicyName
from exporter.train.kept import AVERAGED
from exporter.train.loop import LAST

DIGITS = "digits"
"""The data that needs no download"""
SCENES = "scenes"
"""What a tracker learns from: drawn, and without end"""
DIGITS_SIZE = 64
"""Pixels at which it is trained, and priced, unless another size is asked for"""
EPOCHS = {"classify": 10, "track": 60}
"""Turns through its data, unless others are asked for"""
MULTIPLE = 32
"""Pixels that the sizes of all families' images are multiples of"""
REQUEST, SEARCH, PRICES = "request.json", "search.jsonl", "prices"
"""What a run has in its folder before it trains"""
VERSION = "version"
HOST_RUNTIME = "onnx"


@dataclass(frozen=True)
class SlimRequest:
    """Of one model and one or several devices."""

    model: str
    budgets: Sequence[str]
    """All of which are to be met, such as "0.5x" or "1.6ms" """
    targets: Sequence[str] = ("host",)
    """Devices; the slowest counts"""
    data: str | Path | None = None
    """A folder with a folder of pictures for each class, or "digits", which None takes; of a tracker None"""
    weights: str | None = None
    """A checkpoint that the model begins with; None trains a classifier from scratch, and takes a tracker's own"""
    runtime: str | None = None
    """None takes onnx on host, and what a device prefers"""
    formats: Sequence[str] | None = None
    """Of the bundle; None takes what a device prefers, and what it is priced under"""
    policy: PolicyName | None = None
    """None takes the family's own"""
    image_size: int | None = None
    epochs: int | None = None
    """Turns through its data; a tracker that was found follows for three times as many"""
    """Turns through the data, of a classifier's parent, of the supernet and of what is left of it each; None takes as
    many as its task needs"""
    seed: int = 0
    fold: int = 0
    """Of five, the one of the digits that is judged with"""
    clips: int = 15
    """Held-out ones that a tracker is judged with at last"""
    out: str | Path = "."
    """The folder that the run's folder is made in"""
    resume: bool = False
    """Whether to go on with a run that was stopped"""


@dataclass(frozen=True)
class Target:
    """A device of a run."""

    device: Device
    runtime: str
    """That it is priced under"""
    formats: tuple[str, ...]
    """Of the bundle for it"""


@dataclass(frozen=True)
class SlimPlan:
    """A run as it will be carried out."""

    request: SlimRequest
    info: ModelInfo
    method: Method
    budgets: tuple[Budget, ...]
    policy: PolicyName
    targets: tuple[Target, ...]
    image_size: int
    data: str | Path
    """Of a tracker "scenes" """
    epochs: int

    @property
    def name(self) -> str:
        """Of the run's folder, and of the model that comes of it."""
        devices = "-".join(target.device.id for target in self.targets)
        return f"{self.info.name}-{devices}-{'-'.join(budget.text.strip() for budget in self.budgets)}".replace(" ", "")


def settled(request: SlimRequest) -> SlimPlan:
    """Raises `VitexportError` for what cannot be done."""
    info = model_info(request.model)
    method = METHODS.get(info.family.name)
    if method is None or info.checkpoint is not None:
        raise BudgetError(f"{info.name} cannot be slimmed: name a registered model of {' or '.join(METHODS)}.")
    if not request.budgets:
        raise BudgetError("Nothing is asked for: pass --budget, such as 0.5x or 1.6ms.")
    epochs = EPOCHS[info.family.task] if request.epochs is None else request.epochs
    if epochs < 1:
        raise BudgetError(f"--epochs {epochs} trains nothing: pass 1 or more.")
    policy = request.policy or method.policies[0]
    if policy not in method.policies:
        raise BudgetError(
            f"{info.name}'s supernet does not learn how important blocks are: pass --policy {method.policies[0]}."
        )
    tracks = info.family.task == "track"
    if tracks and request.data is not None:
        raise BudgetError(f"{info.name} learns from drawn scenes, and from no other data yet: leave --data out.")
    data = SCENES if tracks else request.data or DIGITS
    size = request.image_size
    if size is None:
        size = DIGITS_SIZE if data == DIGITS else info.image_size
    if size < MULTIPLE or size % MULTIPLE:
        raise InputShapeError(f"{info.name} cannot be slimmed at image size {size}: use a multiple of {MULTIPLE}.")
    IMAGE_SIZE.check_option(size, InputShapeError)
    targets = tuple(_target(device_of(target), info.name, request, size) for target in request.targets)
    budgets = tuple(map(Budget.of, request.budgets))
    return SlimPlan(request, info, method, budgets, policy, targets, size, data, epochs)


def _target(device: Device, model: str, request: SlimRequest, size: int) -> Target:
    """Raises `VitexportError` for a format that could not be made at the end."""
    runtime = _runtime(device, request.runtime)
    able = [name for name in dict.fromkeys((runtime, *device.prefer.formats)) if installed(backend(name))]
    formats = tuple(request.formats or able)
    plan(ExportRequest(model, device.id, formats, image_size=size))
    return Target(device, runtime, formats)


def folder_of(plan: SlimPlan) -> Path:
    """The run's folder, which is made, or was by a run of the same request that is gone on with.

    Raises `BudgetError` where there is one and `resume` was not asked for, or one of another request.
    """
    folder = Path(plan.request.out) / plan.name
    kept = folder / REQUEST
    if kept.exists():
        if not plan.request.resume:
            raise BudgetError(
                f"{folder} has a run already: pass --resume to go on with it, or another folder as --out."
            )
        begun = json.loads(kept.read_text(encoding="utf-8"))
        asked = _asked(plan.request)
        if begun.get(VERSION) != asked[VERSION]:
            raise BudgetError(
                f"{folder} has a run of vitexport {begun.get(VERSION, 'before 0.1')}, and this is {asked[VERSION]}: "
                "pass another folder as --out."
            )
        if others := [name for name, value in asked.items() if begun.get(name) != value]:
            raise BudgetError(
                f"{folder} has a run that was asked for with other {' and '.join(others)}, as {REQUEST} in it says: "
                "pass the same, or another folder as --out."
            )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def claim(plan: SlimPlan, folder: Path) -> None:
    """From now on it is this request's."""
    (folder / REQUEST).write_text(json.dumps(_asked(plan.request), indent=1) + "\n", encoding="utf-8")


def release(folder: Path) -> None:
    """Nothing was trained in it: another request may take its place."""
    if not any(folder.glob(f"*/{LAST}")) and not any(folder.glob(f"*/{AVERAGED}")):
        (folder / REQUEST).unlink()
        (folder / SEARCH).unlink(missing_ok=True)
        shutil.rmtree(folder / PRICES, ignore_errors=True)


def _asked(request: SlimRequest) -> dict[str, Any]:
    """What a run is known by, as JSON has it: all but where it is, and what is exported at the end."""
    asked = {VERSION: metadata.version("vitexport"), **asdict(request)}
    for name in ("out", "resume", "formats"):
        del asked[name]
    for name in ("data", "weights"):
        if asked[name] is not None and Path(asked[name]).exists():
            asked[name] = str(Path(asked[name]).resolve())
    return dict(json.loads(json.dumps(asked, default=str)))


def _runtime(device: Device, asked: str | None) -> str:
    able = TIMED_HERE if device.platform == "host" else RUNTIMES
    known = [one for one in able if runs(one, device.platform)]
    preferred = (HOST_RUNTIME,) if device.platform == "host" else device.prefer.formats
    runtime = asked or next(one for one in preferred if one in known)
    if runtime not in known:
        raise BudgetError(f"{device.id} cannot be priced under {runtime}: pass --runtime {' or '.join(known)}.")
    return runtime
