"""What models are for, as a table: a new task is a row here and a module that cuts its models. Needs no torch.

The names of graphs stand here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from exporter.manifest import Kind, TaskName

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
    """Module of `exporter.graphs` whose `parts(model, family)` become the graphs. Each of their tensors says by its
    kind what it is, and with that how it is compared."""
    graphs: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
    """Graphs by name, with the names of their inputs and outputs, in order."""
    kinds: Mapping[str, Kind]
    """What the numbers of each tensor are, by its name"""
    every_frame: tuple[str, ...]
    """Graphs that an app runs on every frame; the others run when the user points at something."""
    recorded_on: Literal["pictures", "sequence"]
    """What the graphs are verified on: pictures, each by itself, or frames of a sequence, which are followed as a
    whole besides, because errors compound."""
    may_lack: tuple[str, ...] = ()
    """Graphs that not every model has."""
    wide: tuple[str, ...] = ()
    """Graphs with activations that eight bits of fixed range cannot hold"""
    state: tuple[str, ...] = ()
    """Inputs by which is remembered what the frame before put out."""

    @property
    def wiring(self) -> dict[str, str]:
        """For each output that is remembered, the input that it becomes in the next step, in the order of `state`."""
        return {f"next_{name}": name for name in self.state}


_LOGITS = {CLASSIFY: (("image",), ("logits",))}
_STATE = ("memory", "memory_valid", "pointers", "pointers_valid")
_FOUND = ("mask_logits", "iou", "object_score", *(f"next_{name}" for name in _STATE))
_KINDS: dict[str, Kind] = {
    "image": "image",
    "features": "features",
    "points": "points",
    "labels": "point_labels",
    "mask": "mask",
    "mask_logits": "mask_logits",
    "iou": "score",
    "object_score": "score",
    "memory": "memory",
    "memory_valid": "flags",
    "pointers": "pointers",
    "pointers_valid": "flags",
}

TASKS: dict[TaskName, Task] = {
    "classify": Task("classifier", _LOGITS, {"image": "image", "logits": "class_scores"}, (CLASSIFY,), "pictures"),
    # each class is judged by itself
    "multilabel": Task("classifier", _LOGITS, {"image": "image", "logits": "label_scores"}, (CLASSIFY,), "pictures"),
    "track": Task(
        "tracker",
        {
            ENCODE_IMAGE: (("image",), ("features",)),
            PROMPT_POINTS: (("features", "points", "labels"), _FOUND),
            PROMPT_MASK: (("features", "mask"), _FOUND),
            TRACK_FIRST: (("features", *_STATE), _FOUND),
            TRACK_STEP: (("features", *_STATE), _FOUND),
        },
        {**_KINDS, **{f"next_{name}": _KINDS[name] for name in _STATE}},
        (ENCODE_IMAGE, TRACK_STEP),
        "sequence",
        (TRACK_FIRST,),
        # Coordinates in pixels go through a sine, and -1e4 is added to the logits of keys that are not there.
        (PROMPT_POINTS, PROMPT_MASK, TRACK_FIRST, TRACK_STEP),
        _STATE,
    ),
}
