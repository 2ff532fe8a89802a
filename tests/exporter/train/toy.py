"""The smallest thing that the training loop trains: a line through points, in a process of its own under torchrun."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from exporter.train.loop import Hardware, Schedule, train


@dataclass(frozen=True)
class Points:
    x: Tensor
    y: Tensor

    def to(self, device: torch.device) -> "Points":
        return Points(self.x.to(device), self.y.to(device))


class Batches(Dataset[Points]):
    """Points on y = 2 x + 1, batch n drawn from seed n."""

    def __init__(self, size: int = 8) -> None:
        self.size = size

    def __getitem__(self, index: int) -> Points:
        x = torch.randn(self.size, 1, generator=torch.Generator().manual_seed(index))
        return Points(x, 2 * x + 1)


class Halves(Batches):
    """Batch n as two: 2 n and 2 n + 1."""

    def __getitem__(self, index: int) -> Points:
        whole = super().__getitem__(index // 2)
        half = slice(0, self.size // 2) if index % 2 == 0 else slice(self.size // 2, None)
        return Points(whole.x[half], whole.y[half])


class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, batch: Points) -> dict[str, Tensor]:
        return {"loss": (self.layer(batch.x) - batch.y).square().mean()}


class Shaken(Line):
    """Points that are not quite where they are, by chance."""

    def forward(self, batch: Points) -> dict[str, Tensor]:
        return super().forward(Points(batch.x + 0.1 * torch.randn_like(batch.x), batch.y))


SCHEDULE = Schedule(steps=20, rate=0.4, warmup=2, weight_decay=0, largest_gradient=100)


def line(kind: type[Line] = Line) -> Line:
    torch.manual_seed(0)
    return kind()


def trained(
    folder: Path,
    schedule: Schedule = SCHEDULE,
    batches: Dataset[Points] | None = None,
    every: int = 5,
    kind: type[Line] = Line,
) -> Line:
    """The line after training, not averaged."""
    module = line(kind)
    train(module, batches or Batches(), schedule, folder, Hardware.found(), workers=0, every=every)
    return module


if __name__ == "__main__":
    torch.set_num_threads(1)
    result = trained(Path(sys.argv[1]), replace(SCHEDULE, steps=6), Halves(), every=6)
    if Hardware.found().rank == 0:
        torch.save(result.state_dict(), Path(sys.argv[1]) / "result.pt")
