"""What a user asks of a slimming run, settled before anything is trained."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from device_profiles.schema import Device
from exporter.bench.kernels.artifacts import RUNTIMES as TIMED_HERE
from exporter.errors import BudgetError, InputShapeError
from exporter.latency.workloads import RUNTIMES
from exporter.models.registry import ModelInfo, model_info
from exporter.plan import device_of
from exporter.slim.budget import Budget
from exporter.slim.methods import METHODS, Method, PolicyName

DIGITS = "digits"
"""The data that needs no download"""
DIGITS_SIZE = 64
"""Pixels at which it is trained, and priced, unless another size is asked for"""
EPOCHS = 20
REQUEST = "request.json"
HOST_RUNTIME = "onnx"


@dataclass(frozen=True)
class SlimRequest:
    """Of one model and one or several devices."""

    model: str
    budgets: Sequence[str]
    """All of which are to be met, such as "0.5x" or "1.6ms" """
    targets: Sequence[str] = ("host",)
    """Devices; the slowest counts"""
    data: str | Path = DIGITS
    """A folder with a folder of pictures for each class, or "digits" """
    runtime: str | None = None
    """None takes onnx on host, and what a device prefers"""
    formats: Sequence[str] | None = None
    """Of the bundle; None takes what a device prefers, and what it is priced under"""
    policy: PolicyName | None = None
    """None takes the family's own"""
    image_size: int | None = None
    epochs: int = EPOCHS
    """Turns through the pictures, of the parent, of the supernet and of what is left of it each"""
    seed: int = 0
    out: str | Path = "."
    """The folder that the run's folder is made in"""
    resume: bool = False
    """Whether to go on with a run that was stopped"""


@dataclass(frozen=True)
class SlimPlan:
    """A run as it will be carried out."""

    request: SlimRequest
    info: ModelInfo
    method: Method
    budgets: tuple[Budget, ...]
    devices: tuple[tuple[Device, str], ...]
    """Each with the runtime that it is priced under"""
    image_size: int

    @property
    def name(self) -> str:
        """Of the run's folder, and of the model that comes of it."""
        devices = "-".join(device.id for device, _ in self.devices)
        return f"{self.info.name}-{devices}-{'-'.join(budget.text.strip() for budget in self.budgets)}".replace(" ", "")


def settled(request: SlimRequest) -> SlimPlan:
    """Raises `VitexportError` for what cannot be done."""
    info = model_info(request.model)
    method = METHODS.get(info.family.name)
    if method is None or info.checkpoint is not None:
        raise BudgetError(f"{info.name} cannot be slimmed: name a registered model of {' or '.join(METHODS)}.")
    if not request.budgets:
        raise BudgetError("Nothing is asked for: pass --budget, such as 0.5x or 1.6ms.")
    if request.epochs < 1:
        raise BudgetError(f"--epochs {request.epochs} trains nothing: pass 1 or more.")
    devices = tuple((device, _runtime(device, request.runtime)) for device in map(device_of, request.targets))
    size = request.image_size or (DIGITS_SIZE if request.data == DIGITS else info.image_size)
    if size % 32:
        raise InputShapeError(f"{info.name} cannot take image size {size}: use a multiple of 32.")
    return SlimPlan(request, info, method, tuple(map(Budget.of, request.budgets)), devices, size)


def claimed(plan: SlimPlan) -> Path:
    """The run's folder, which is made, or was by a run of the same request that is gone on with.

    Raises `BudgetError` where there is one and `resume` was not asked for, or one of another request.
    """
    request = replace(plan.request, out=".", resume=True)
    folder, mine = Path(plan.request.out) / plan.name, json.dumps(asdict(request), default=str, indent=1) + "\n"
    kept = folder / REQUEST
    if kept.exists():
        if not plan.request.resume:
            raise BudgetError(
                f"{folder} has a run already: pass --resume to go on with it, or another folder as --out."
            )
        if kept.read_text(encoding="utf-8") != mine:
            raise BudgetError(
                f"{folder} has a run that was asked for otherwise, as {REQUEST} in it says: pass the same."
            )
    folder.mkdir(parents=True, exist_ok=True)
    kept.write_text(mine, encoding="utf-8")
    return folder


def _runtime(device: Device, asked: str | None) -> str:
    known: Sequence[str] = TIMED_HERE if device.platform == "host" else RUNTIMES
    preferred = (HOST_RUNTIME,) if device.platform == "host" else device.prefer.formats
    runtime = asked or next(one for one in preferred if one in known)
    if runtime not in known:
        raise BudgetError(f"{device.id} cannot be priced under {runtime}: pass --runtime {' or '.join(known)}.")
    return runtime
