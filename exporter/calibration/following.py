"""What a tracker's graphs are given while it follows an object in PyTorch, so that what it remembers is among it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from exporter.backends.runner import Arrays
from exporter.graphs.tasks import ENCODE_IMAGE
from exporter.inference.prompts import Prompt, model_mask
from exporter.inference.steps import ArtefactSteps
from exporter.inference.tracker import follow_prompted
from exporter.media.images import Pixels
from exporter.media.sample_clip import sample_click, sample_clip
from exporter.verify.record import EagerRunner

if TYPE_CHECKING:
    from exporter.graphs.capture import Graph

FRAMES = 12
"""That an object is followed in: more than a tracker's memory has slots, as the first of them leave it"""


@dataclass(frozen=True)
class Clip:
    """Frames, and where the object is in the first of them."""

    frames: Sequence[Pixels]
    mask: np.ndarray | None
    """Bool [S, S]; None where nobody knows: then the object is what is in the middle"""


def sample_frames(size: int) -> Clip:
    """A clip that nothing is verified on."""
    frames, masks = sample_clip(FRAMES, size, size)
    return Clip(frames, masks[0])


def pixels_of(image: np.ndarray) -> Pixels:
    """A frame [S, S, 3] of what a model takes, RGB 0–255 [1, 3, S, S]."""
    return cast(Pixels, image[0].transpose(1, 2, 0).round().clip(0, 255).astype(np.uint8))


def followed(graphs: Sequence[Graph], size: int, clip: Clip) -> dict[str, list[Arrays]]:
    """What each graph is given while an object is followed that is prompted by a point, a box, and both."""
    runners = {graph.name: EagerRunner(graph) for graph in graphs}
    steps = ArtefactSteps(runners, size)
    mask = clip.mask
    if mask is None:
        mask = np.zeros((size, size), np.bool_)
        mask[size // 4 : -size // 4, size // 4 : -size // 4] = True
    rows, columns = np.nonzero(mask)
    box = tuple(float(edge) for edge in (columns.min(), rows.min(), columns.max(), rows.max()))
    inside = sample_click(mask[None])
    prompts = (
        Prompt(points=[inside], labels=[1]),
        Prompt(box=list(box)),
        Prompt(points=[inside, (1, 1)], labels=[1, 0], box=list(box)),
    )
    for _ in follow_prompted(steps, clip.frames, {0: dict(enumerate(prompts))}):
        pass
    features = runners[ENCODE_IMAGE].outputs[0]["features"]
    for given in (mask, np.zeros_like(mask)):
        steps.prompt_mask(features, model_mask(given, size))
    return {name: list(runner.inputs) for name, runner in runners.items()}
