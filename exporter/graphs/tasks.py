"""What models are for, as a table: a new task is a row here and a module that cuts its models. Needs no torch.

The names of graphs stand here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from exporter.manifest import TaskName

CLASSIFY = "classify"
ENCODE_IMAGE = "encode_image"
PROMPT_POINTS = "prompt_points"
PROMPT_MASK = "prompt_mask"
TRACK_FIRST = "track_first"
TRACK_STEP = "track_step"


@dataclass(frozen=True)
class Task:
    """How models of a task become graphs, and how those are verified."""

    module: str
    """Module of `exporter.graphs` whose `cut(model, family)` makes the graphs. Each of their tensors says by its kind
    what it is, and with that how it is compared."""
    every_frame: tuple[str, ...]
    """Graphs that an app runs on every frame; the others run when the user points at something."""
    recorded_on: Literal["pictures", "sequence"]
    """What the graphs are verified on: pictures, each by itself, or frames of a sequence, which are followed as a
    whole besides, because errors compound."""
    state: tuple[str, ...] = ()
    """Inputs by which is remembered what the frame before put out."""

    @property
    def wiring(self) -> dict[str, str]:
        """For each output that is remembered, the input that it becomes in the next step, in the order of `state`."""
        return {f"next_{name}": name for name in self.state}


TASKS: dict[TaskName, Task] = {
    "classify": Task("classifier", (CLASSIFY,), "pictures"),
    "multilabel": Task("classifier", (CLASSIFY,), "pictures"),  # each class is judged by itself
    "track": Task(
        "tracker",
        (ENCODE_IMAGE, TRACK_STEP),
        "sequence",
        ("memory", "memory_valid", "pointers", "pointers_valid"),
    ),
}
