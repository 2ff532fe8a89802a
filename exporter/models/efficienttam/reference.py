"""The official video algorithm in eager PyTorch, with a memory of variable length: what every artefact is measured by.

One object; batch 1. A frame is known here by its number and its features, and a prompt by tensors in the model's own
coordinates; pictures and pixels are `exporter.inference.tracker`'s business.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from exporter.models.efficienttam.config import MEMORY_SLOTS, POINTER_SLOTS
from exporter.models.efficienttam.model import EfficientTAM, MaskPrediction

PROMPTED_SLOT = MEMORY_SLOTS - 1
"""Temporal index of every prompted frame, whatever its age."""


@dataclass(frozen=True)
class PointPrompt:
    """Points [1, P, 2], (x, y) in pixels of the S x S image, with labels [1, P]; a box is two points."""

    points: Tensor
    labels: Tensor


@dataclass(frozen=True)
class MaskPrompt:
    """A mask of zeros and ones [1, 1, S, S] says where the object is."""

    mask: Tensor


@dataclass(frozen=True)
class Remembered:
    """A frame that later ones look back at."""

    prediction: MaskPrediction
    memory: Tensor
    """[1, N, D]"""


@dataclass(frozen=True)
class Memory:
    """What is known of one object, by frame number; frames too old to matter are dropped."""

    prompted: Mapping[int, Remembered]
    tracked: Mapping[int, Remembered] = field(default_factory=dict)

    def after(self, frame: int, seen: Remembered) -> "Memory":
        """The memory that holds a tracked frame too."""
        oldest = frame - POINTER_SLOTS + 2
        recent = {number: entry for number, entry in self.tracked.items() if number >= oldest}
        return Memory(self.prompted, {**recent, frame: seen})


def prompted(model: EfficientTAM, features: Tensor, given: PointPrompt | MaskPrompt) -> MaskPrediction:
    """Find the prompted object in a frame with features [1, C, g, g]."""
    if isinstance(given, MaskPrompt):
        side = model.side * 4
        small = F.interpolate(given.mask, (side, side), mode="bilinear", antialias=True)
        return model.predict_from_mask(features, given.mask, small)
    encoder = model.sam_prompt_encoder
    decoded = model.decode(
        model.without_memory(features), encoder.points(given.points, given.labels), encoder.no_mask()
    )
    one_point = given.points.shape[1] <= 1
    selected = decoded.best_of_three() if one_point else decoded.single()
    return model.prediction(selected, decoded.object_score)


def prompt(model: EfficientTAM, features: Tensor, given: PointPrompt | MaskPrompt) -> Remembered:
    """Start the object anew from a prompt on a frame with features [1, C, g, g]."""
    seen = prompted(model, features, given)
    return Remembered(seen, model.remember(features, seen.mask_logits, prompted=True))


def fused(model: EfficientTAM, features: Tensor, frame: int, memory: Memory) -> Tensor:
    """Features [1, C, g, g] of frame number `frame` after attention to the memory."""
    ages = [age for age in range(MEMORY_SLOTS - 1, 0, -1) if frame - age in memory.tracked]
    remembered = [*memory.prompted.values(), *(memory.tracked[frame - age] for age in ages)]
    slots = [PROMPTED_SLOT] * len(memory.prompted) + [age - 1 for age in ages]
    # Prompted frames of the future are attended to, but their pointers are not.
    pointers = [entry for number, entry in memory.prompted.items() if number <= frame]
    pointers += [memory.tracked[frame - age] for age in range(1, POINTER_SLOTS) if frame - age in memory.tracked]
    return model.with_memory(
        features,
        torch.cat([entry.memory for entry in remembered]),
        slots,
        torch.cat([entry.prediction.pointer for entry in pointers]),
    )


def track(model: EfficientTAM, features: Tensor, frame: int, memory: Memory) -> tuple[MaskPrediction, Memory]:
    """Find the object in frame number `frame`, and return the memory that holds this frame too."""
    seen = model.predict(fused(model, features, frame, memory))
    remembered = Remembered(seen, model.remember(features, seen.mask_logits, prompted=False))
    return seen, memory.after(frame, remembered)


def track_all(
    model: EfficientTAM,
    features_of: Callable[[int], Tensor],
    frames: int,
    prompts: Mapping[int, PointPrompt | MaskPrompt],
) -> dict[int, MaskPrediction]:
    """All frames from the first prompted one to the last; every prompt is known from the start."""
    memory = Memory({number: prompt(model, features_of(number), prompts[number]) for number in sorted(prompts)})
    predictions = {}
    for frame in range(min(prompts), frames):
        if frame in memory.prompted:
            predictions[frame] = memory.prompted[frame].prediction
        else:
            predictions[frame], memory = track(model, features_of(frame), frame, memory)
    return predictions
