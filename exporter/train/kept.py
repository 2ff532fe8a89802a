"""Training whose result is kept in its folder, so that it is not done again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import nn
from torch.utils.data import Dataset

from exporter.train.loop import Hardware, Module, Schedule, train

AVERAGED = "averaged.safetensors"
"""The averaged objective, in the folder of its training"""


def trained(
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
    """Train as `loop.train` does, unless it is done; the objective then has the averaged weights, and is returned."""
    result = folder / AVERAGED
    if not result.exists():
        averaged = train(
            *(objective, batches, schedule, folder, hardware),
            workers=workers,
            every=every,
            evaluate=evaluate,
            on_step=on_step,
        )
        if hardware.rank == 0:
            beside = folder / f"{AVERAGED}.new"
            save_file({name: value.cpu().contiguous() for name, value in averaged.state_dict().items()}, beside)
            beside.replace(result)
    hardware.wait()
    objective.load_state_dict(load_file(result))
    return objective
