"""The steps of a tracker, as artefacts or as the official algorithm in PyTorch.

What a tracker remembers is a value that goes in and out of each step, so that objects can share a frame's features.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from exporter.graphs.tasks import ENCODE_IMAGE, PROMPT_MASK, PROMPT_POINTS, TASKS, TRACK_FIRST, TRACK_STEP
from exporter.inference.prompts import graph_points

if TYPE_CHECKING:
    from exporter.backends.runner import Runner
    from exporter.models.efficienttam import EfficientTAM

Array = NDArray[np.float32]


@dataclass(frozen=True)
class TrackResult:
    """One object in one frame."""

    mask_logits: Array
    """[1, S/4, S/4]; positive on the object"""
    iou: float
    """How well the model thinks that the mask fits, 0–1"""
    object_score: float
    """Positive where the object is in sight"""

    def mask(self, height: int, width: int) -> NDArray[np.bool_]:
        """The object's pixels [height, width] in a frame of that size."""
        import torch
        import torch.nn.functional as F

        logits = F.interpolate(torch.from_numpy(self.mask_logits)[None], (height, width), mode="bilinear")
        return (logits[0, 0] > 0).numpy()


class Steps(Protocol):
    """The steps of a tracker. What `State` is only they know."""

    image_size: int

    def encode(self, image: Array) -> Any:
        """Return the features of an image, RGB 0–255 [1, 3, S, S]."""

    def prompt_points(self, features: Any, points: Array, labels: Array) -> tuple[TrackResult, Any]:
        """Return the object at points [1, P, 2], in pixels of the image, with labels [1, P], and the state after it."""

    def prompt_mask(self, features: Any, mask: Array) -> tuple[TrackResult, Any]:
        """Return the object that a mask of zeros and ones [1, 1, S, S] shows, and the state after it."""

    def follow(self, features: Any, state: Any) -> tuple[TrackResult, Any]:
        """Return the object in the next frame, by its features and the state before it, and the state after it."""


class ArtefactSteps:
    """The steps as artefacts of one format."""

    def __init__(self, runners: Mapping[str, Runner], image_size: int) -> None:
        self.runners = runners
        self.image_size = image_size
        self.runtime = next(iter(runners.values())).runtime
        self.seconds: dict[str, list[float]] = defaultdict(list)
        """Graph -> what each of its runs took"""

    def encode(self, image: Array) -> Array:
        return self._run(ENCODE_IMAGE, {"image": image})["features"]

    def prompt_points(self, features: Array, points: Array, labels: Array) -> tuple[TrackResult, Any]:
        points, labels = graph_points(points, labels)
        return self._step(PROMPT_POINTS, TRACK_FIRST, features=features, points=points, labels=labels)

    def prompt_mask(self, features: Array, mask: Array) -> tuple[TrackResult, Any]:
        return self._step(PROMPT_MASK, TRACK_FIRST, features=features, mask=mask)

    def follow(self, features: Array, state: tuple[str, dict[str, Array]]) -> tuple[TrackResult, Any]:
        graph, remembered = state
        return self._step(graph, TRACK_STEP, features=features, **remembered)

    def _step(self, graph: str, after: str, **inputs: Array) -> tuple[TrackResult, tuple[str, dict[str, Array]]]:
        """Run a graph; the state is the name of the graph that comes next, and what goes into it."""
        outputs = self._run(graph, inputs)
        state = {following: outputs[name] for name, following in TASKS["track"].wiring.items()}
        result = TrackResult(
            outputs["mask_logits"][0], float(outputs["iou"][0, 0]), float(outputs["object_score"][0, 0])
        )
        return result, (after if after in self.runners else TRACK_STEP, state)

    def _run(self, graph: str, inputs: dict[str, Array]) -> dict[str, Array]:
        start = time.perf_counter()
        outputs = self.runners[graph](inputs)
        self.seconds[graph].append(time.perf_counter() - start)
        return outputs


class ReferenceSteps:
    """The steps as the official algorithm in eager PyTorch, with a memory of variable length."""

    def __init__(self, model: EfficientTAM) -> None:
        import torch

        from exporter.graphs.normalisation import Normalisation
        from exporter.models.registry import family_of

        family = family_of(model)
        self.model = model
        self.image_size = model.image_size
        self._normalise = Normalisation(family.mean, family.std)
        self._tensor = torch.from_numpy

    def encode(self, image: Array) -> Any:
        import torch

        with torch.inference_mode():
            return self.model(self._normalise(self._tensor(image)))

    def prompt_points(self, features: Any, points: Array, labels: Array) -> tuple[TrackResult, Any]:
        from exporter.models.efficienttam.reference import PointPrompt

        return self._start(features, PointPrompt(self._tensor(points), self._tensor(labels)))

    def prompt_mask(self, features: Any, mask: Array) -> tuple[TrackResult, Any]:
        from exporter.models.efficienttam.reference import MaskPrompt

        return self._start(features, MaskPrompt(self._tensor(mask)))

    def follow(self, features: Any, state: Any) -> tuple[TrackResult, Any]:
        import torch

        from exporter.models.efficienttam.reference import track

        frame, memory = state
        with torch.inference_mode():
            seen, memory = track(self.model, features, frame, memory)
        return reference_result(seen), (frame + 1, memory)

    def _start(self, features: Any, given: Any) -> tuple[TrackResult, Any]:
        import torch

        from exporter.models.efficienttam.reference import Memory, prompt

        with torch.inference_mode():
            remembered = prompt(self.model, features, given)
        return reference_result(remembered.prediction), (1, Memory({0: remembered}))


def reference_result(prediction: Any) -> TrackResult:
    """What the official algorithm predicts for a frame, as arrays."""
    return TrackResult(prediction.mask_logits[0].numpy(), float(prediction.iou), float(prediction.object_score))
