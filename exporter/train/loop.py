"""The training loop: AdamW or Muon, warm-up and cosine, gradient accumulation, a moving average of the weights, bf16.

It trains any module whose forward takes a batch and gives losses by name, of which `loss` is minimised. It resumes
where it stopped, runs on one processor or GPU, and under `torchrun` on many.
"""

import csv
import os
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from math import cos, pi
from pathlib import Path
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, Dataset

Module = TypeVar("Module", bound=nn.Module)

Optimizers = list[tuple[torch.optim.Optimizer, float]]
"""Each with its highest learning rate"""

LAST = "last.pt"
"""What training goes on from, in the run's folder."""
LOG = "log.csv"


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a module learns."""

    steps: int
    rate: float
    """AdamW's highest learning rate, reached after the warm-up; it ends at a hundredth of it."""
    muon: float | None = None
    """Muon's (kellerjordan.github.io/posts/muon), which trains the weights of linear layers if it is given; scaled so
    that its updates are as large as AdamW's (arXiv 2502.16982 §2.2)"""
    warmup: int = 200
    """Steps"""
    weight_decay: float = 0.05
    """Of matrices and kernels; vectors have none."""
    accumulate: int = 1
    """Batches to a step"""
    largest_gradient: float = 1.0
    """Norm that gradients are cut to"""
    average: float = 0.999
    """Share of the old weights in each step of the moving average, once it has seen enough of them"""
    seed: int = 0

    def share_at(self, step: int) -> float:
        """The share of the highest learning rate that a step has, counted from 0."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return 0.01 + 0.99 * 0.5 * (1 + cos(done * pi))


@dataclass(frozen=True)
class Hardware:
    """Where training runs."""

    device: torch.device
    products: torch.dtype
    """What matrix products are computed in: bf16 where the hardware multiplies it"""
    rank: int
    world: int

    @classmethod
    def found(cls) -> "Hardware":
        """A GPU if there is one, and all that `torchrun` started."""
        world, rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
        on_gpu = torch.cuda.is_available()
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if on_gpu else torch.device("cpu")
        if world > 1 and not dist.is_initialized():
            dist.init_process_group("nccl" if on_gpu else "gloo")
        able = torch.cpu.get_capabilities()
        bf16 = torch.cuda.is_bf16_supported() if on_gpu else bool(able.get("amx_bf16") or able.get("avx512_bf16"))
        return cls(device, torch.bfloat16 if bf16 else torch.float32, rank, world)

    def wait(self) -> None:
        """Until all processes are here."""
        if self.world > 1:
            dist.barrier()

    def __str__(self) -> str:
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else processor()
        return f"{self.world} × {name}, {torch.get_num_threads()} threads, {self.products}"


def processor() -> str:
    """Its name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "CPU")


def train(
    objective: Module,
    batches: Dataset[Any],
    schedule: Schedule,
    folder: Path,
    hardware: Hardware,
    *,
    workers: int = 1,
    every: int = 100,
    evaluate: Callable[[nn.Module], dict[str, float]] | None = None,
    on_step: Callable[[int], None] = lambda steps: None,
) -> Module:
    """Train `objective` in place, from the last checkpoint in `folder` if there is one; returns the averaged module.

        `batches[n]` is batch number n. Every so many steps a line goes to `log.csv`, with what `evaluate` says of the
    averaged module, and a checkpoint is written; `on_step` is called with how many steps are done. Steps draw random
    numbers from seeds of their own, so that a run which was stopped goes on as if nothing had been.
    """
    objective.to(hardware.device).train()
    averaged = AveragedModel(objective, multi_avg_fn=_averaging(schedule.average))
    optimizers = _optimizers(objective, schedule)
    first = _resume(folder, objective, averaged, optimizers, schedule, hardware)
    runner: Any = DistributedDataParallel(objective, find_unused_parameters=True) if hardware.world > 1 else objective
    chief = hardware.rank == 0
    log = _Log(folder / LOG) if chief else None
    started, sums = time.perf_counter(), _Sums()
    stream = _stream(batches, schedule, first, hardware, workers)
    for step in range(first, schedule.steps):
        torch.manual_seed((schedule.seed * schedule.steps + step) * hardware.world + hardware.rank)
        for optimizer, rate in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate * schedule.share_at(step)
        for part in range(schedule.accumulate):
            more = part < schedule.accumulate - 1
            with runner.no_sync() if more and hardware.world > 1 else nullcontext():
                losses = runner(next(stream).to(hardware.device))
                (losses["loss"] / schedule.accumulate).backward()
            sums.add(losses)
        sums.add({"gradient": nn.utils.clip_grad_norm_(objective.parameters(), schedule.largest_gradient)})
        for optimizer, _ in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        averaged.update_parameters(objective)
        on_step(step + 1)
        if chief and log is not None and ((step + 1) % every == 0 or step + 1 == schedule.steps):
            row = {"step": step + 1, "rate": schedule.rate * schedule.share_at(step), **sums.means()}
            row["seconds"] = time.perf_counter() - started
            if evaluate is not None:
                row |= evaluate(averaged.module)
            _save(folder / LAST, step + 1, objective, averaged, optimizers, schedule)
            log.write(row)
            started, sums = time.perf_counter(), _Sums()
    return cast(Module, averaged.module)


def _optimizers(module: nn.Module, schedule: Schedule) -> Optimizers:
    """AdamW for all parameters, or for those that are not the weights of linear layers."""
    layers = [layer.weight for layer in module.modules() if isinstance(layer, nn.Linear)] if schedule.muon else []
    own = {id(weight) for weight in layers}
    others = [p for p in module.parameters() if p.requires_grad and id(p) not in own]
    groups = [
        {"params": [p for p in others if p.ndim > 1], "weight_decay": schedule.weight_decay},
        {"params": [p for p in others if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizers: Optimizers = [(torch.optim.AdamW(groups, betas=(0.9, 0.98)), schedule.rate)]
    if schedule.muon:
        decay = schedule.weight_decay
        optimizers.append((torch.optim.Muon(layers, weight_decay=decay, adjust_lr_fn="match_rms_adamw"), schedule.muon))
    return optimizers


def _averaging(decay: float) -> Callable[[Any, Any, Any], None]:
    """A moving average that follows quickly at first."""

    @torch.no_grad()
    def update(averaged: list[Tensor], current: list[Tensor], count: Tensor | int) -> None:
        seen = int(count)
        share = min(decay, (1 + seen) / (10 + seen))
        torch._foreach_lerp_(averaged, current, 1 - share)

    return update


def _stream(batches: Dataset[Any], schedule: Schedule, first: int, hardware: Hardware, workers: int) -> Iterator[Any]:
    """The batches of this rank that are still to come, made ahead in processes of their own."""
    share, total = schedule.accumulate, schedule.steps * schedule.accumulate
    numbers = [n * hardware.world + hardware.rank for n in range(first * share, total)]
    return iter(
        DataLoader(
            batches,
            batch_size=None,
            sampler=numbers,
            num_workers=workers,
            prefetch_factor=4 if workers else None,
            worker_init_fn=_one_thread,
        )
    )


def _one_thread(worker: int) -> None:
    torch.set_num_threads(1)


def _save(
    path: Path,
    step: int,
    objective: nn.Module,
    averaged: AveragedModel,
    optimizers: Optimizers,
    schedule: Schedule,
) -> None:
    beside = path.with_suffix(".new")
    state = {
        "step": step,
        "module": objective.state_dict(),
        "averaged": averaged.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer, _ in optimizers],
        "schedule": asdict(schedule),
    }
    torch.save(state, beside)
    beside.replace(path)


def _resume(
    folder: Path,
    objective: nn.Module,
    averaged: AveragedModel,
    optimizers: Optimizers,
    schedule: Schedule,
    hardware: Hardware,
) -> int:
    """Put everything back as the last checkpoint has it; returns the number of steps done.

    Raises `ValueError` where it was trained with another schedule.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / LAST).exists():
        return 0
    state = torch.load(folder / LAST, map_location=hardware.device, weights_only=True)
    if state["schedule"] != asdict(schedule):
        raise ValueError(f"{folder / LAST} was trained with another schedule; give an empty folder to begin anew.")
    objective.load_state_dict(state["module"])
    averaged.load_state_dict(state["averaged"])
    for (optimizer, _), own in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(own)
    return int(state["step"])


class _Sums:
    """Means of losses over the batches since the last line of the log."""

    def __init__(self) -> None:
        self.totals: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}

    def add(self, values: dict[str, Tensor]) -> None:
        for name, value in values.items():
            self.totals[name] = self.totals.get(name, 0) + value.detach()
            self.counts[name] = self.counts.get(name, 0) + 1

    def means(self) -> dict[str, float]:
        return {name: float(total) / self.counts[name] for name, total in self.totals.items()}


class _Log:
    """A table that grows by a line at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, row: dict[str, float]) -> None:
        new = not self.path.exists()
        with self.path.open("a", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            if new:
                writer.writeheader()
            writer.writerow({name: f"{value:.5g}" for name, value in row.items()})
