"""Trains the parts of a slimming run, each in a folder of its own, and none of them twice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from torch import nn
from torch.utils.data import Dataset

from exporter.backends.runner import Progress
from exporter.train.kept import trained
from exporter.train.loop import Hardware, Schedule

AVERAGE = 0.99
"""Share of the old weights in each step of the moving average: a short training's"""


class Rates(NamedTuple):
    """Highest learning rates"""

    adamw: float
    muon: float | None = None
    """Of linear layers, where they have one of their own"""


@dataclass(frozen=True, eq=False)
class Trainer:
    """Of one run."""

    folder: Path
    hardware: Hardware
    progress: Progress
    seed: int

    def train(
        self,
        what: str,
        objective: nn.Module,
        batches: Dataset[Any],
        steps: int,
        rates: Rates,
    ) -> None:
        """Train an objective in the folder of that name, unless it is done; it has the result afterwards."""
        warmup = max(1, steps // 10)
        schedule = Schedule(steps, rates.adamw, rates.muon, warmup, average=AVERAGE, seed=self.seed)
        self.progress(f"train {what}", 0.0)
        trained(
            *(objective, batches, schedule, self.folder / what.replace(" ", "_"), self.hardware),
            workers=0,
            on_step=lambda done: self.progress(f"train {what}", done / steps),
        )
