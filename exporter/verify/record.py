"""What PyTorch makes of each graph's inputs, written as the conformance vectors that artefacts are held against.

A classifier is recorded on pictures. A tracker is recorded on a sequence of frames: the official algorithm as a whole,
and the graphs on some of the states that it comes to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray

from exporter import manifest
from exporter.backends.runner import Arrays
from exporter.graphs.tasks import TASKS, TRACK_FIRST, TRACK_STEP
from exporter.graphs.tracker import state_of
from exporter.inference.prompts import Prompt, model_frame, model_mask
from exporter.inference.steps import ArtefactSteps, ReferenceSteps
from exporter.inference.tracker import follow_prompted, start
from exporter.media.images import Pixels, to_input, verification_images
from exporter.media.sample_clip import crossing_clip, sample_click
from exporter.vectors import vectors_file, write_vectors
from exporter.verify.conformance import Prompts, write_sequence
from exporter.verify.decided import decided

if TYPE_CHECKING:
    from exporter.graphs.capture import Graph
    from exporter.manifest import TaskName
    from exporter.models.efficienttam import EfficientTAM
    from exporter.models.model import Model

FRAMES = 24
"""The pointer bank first drops one at frame 17, the memory at frame 8."""

FAR, NEAR = 0, 1
"""The objects. The far one is hidden by the near one in the middle, and is prompted in the first frame alone."""
CLICKED, RESTARTED = 3, 17
"""Frames in which the near one is prompted: before the two meet, and when the far one is back in sight."""

_ENCODED = (0, FRAMES // 2)
"""Frames that are encoded for the conformance vectors."""
_STEPPED = (1, 2, 3, 8, FRAMES - 1)
"""Frames whose steps become conformance vectors: memories of different fullness."""


class EagerRunner:
    """A graph's eager module as a runner that keeps its runs."""

    runtime = "PyTorch"

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.inputs: list[Arrays] = []
        self.outputs: list[Arrays] = []

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> Arrays:
        with torch.inference_mode():
            results = self._graph.module(**{name: torch.from_numpy(value) for name, value in inputs.items()})
        self.inputs.append(dict(inputs))
        self.outputs.append({name: value.numpy() for name, value in results.items()})
        return self.outputs[-1]


def record(task: TaskName, model: Model, graphs: Sequence[Graph], folder: Path) -> manifest.SequenceEntry | None:
    """Write what PyTorch makes of a model's graphs, on what its task is recorded on; return the sequence, if it is one.

    `folder` is the bundle's.
    """
    if TASKS[task].recorded_on == "pictures":
        for graph in graphs:
            record_pictures(graph, folder)
        return None
    tracker = cast("EfficientTAM", model)
    return record_sequence(graphs, tracker, folder)


def record_pictures(graph: Graph, folder: Path) -> None:
    """Run a graph that takes a picture on the verification pictures, and write its vectors below `folder`."""
    (image,) = graph.inputs
    runner = EagerRunner(graph)
    for pixels in verification_images(image.shape[-1]):
        runner({image.name: to_input(pixels)})
    _write(graph, runner, folder)


def record_sequence(graphs: Sequence[Graph], model: EfficientTAM, folder: Path) -> manifest.SequenceEntry:
    """Follow two objects with the official algorithm, and run a tracker's graphs on the way.

    Writes the sequence, and each graph's runs as its vectors, below `folder`.
    """
    size = model.image_size
    frames, masks = crossing_clip(FRAMES, size, size)
    runners = {graph.name: EagerRunner(graph) for graph in graphs}
    steps, reference = ArtefactSteps(runners, size), ReferenceSteps(model)
    prompts: dict[int, dict[int, Prompt]] = {}
    for number, given in prompts_of(masks).items():
        features = reference.encode(model_frame(frames[number], size))
        prompts[number] = {one: decided(model, features, prompt) for one, prompt in given.items()}
    followed = list(follow_prompted(reference, frames, prompts))
    for number in _ENCODED:
        steps.encode(model_frame(frames[number], size))
    _prompt(steps, frames, masks[NEAR], [one.features.numpy() for one in followed])
    for number in _STEPPED:
        step = TRACK_FIRST if number == 1 and TRACK_FIRST in runners else TRACK_STEP
        remembered = {name: value.numpy() for name, value in state_of(*followed[number - 1].states[FAR]).items()}
        steps.follow(followed[number].features.numpy(), (step, remembered))
    for graph in graphs:
        _write(graph, runners[graph.name], folder)
    return write_sequence(folder, frames, prompts, [one.results for one in followed])


def prompts_of(masks: NDArray[np.bool_]) -> Prompts:
    """What is prompted in a clip of two objects that cross, of the masks [2, frames, H, W]."""
    near = masks[NEAR]
    return {
        0: {FAR: _box_around(masks[FAR, 0])},
        CLICKED: {NEAR: _middle_of(near[CLICKED])},
        RESTARTED: {NEAR: _points_of_both_labels(near[RESTARTED])},
    }


def _write(graph: Graph, runner: EagerRunner, folder: Path) -> None:
    """Write a runner's runs as a graph's vectors, stacked along a new first axis; pictures as uint8."""
    images = {spec.name for spec in graph.inputs if spec.kind == "image"}
    inputs, outputs = (
        {key: np.stack([run[key] for run in runs]) for key in runs[0]} for runs in (runner.inputs, runner.outputs)
    )
    stored = {key: value.astype(np.uint8) if key in images else value for key, value in inputs.items()}
    write_vectors(folder / vectors_file(graph.name), stored, outputs)


def _prompt(
    steps: ArtefactSteps, frames: list[Pixels], masks: NDArray[np.bool_], features: list[NDArray[np.float32]]
) -> None:
    """Prompt with a point, a box, several points, a mask and an empty mask."""
    for number, kind in _PROMPTED.items():
        start(steps, frames[number], kind(masks[number]), features[number])
    for mask in (masks[0], np.zeros_like(masks[0])):
        steps.prompt_mask(features[0], model_mask(mask, steps.image_size))


def _middle_of(mask: NDArray[np.bool_]) -> Prompt:
    """A point in the middle of an object."""
    return Prompt(points=[sample_click(mask[None])], labels=[1])


def _box_around(mask: NDArray[np.bool_]) -> Prompt:
    """The box of an object."""
    rows, columns = np.nonzero(mask)
    return Prompt(box=[float(edge) for edge in (columns.min(), rows.min(), columns.max(), rows.max())])


def _points_of_all_kinds(mask: NDArray[np.bool_]) -> Prompt:
    """As many as the graph takes: a corner of the picture that is background, the object, and its box."""
    return Prompt(points=[(1, 1), *_middle_of(mask).points], labels=[0, 1], box=_box_around(mask).box)


def _points_of_both_labels(mask: NDArray[np.bool_]) -> Prompt:
    """Two on an object without holes, in its middle and half way to its left edge, and two corners of the picture."""
    (x, y), (height, width) = sample_click(mask[None]), mask.shape
    halfway = ((x + int(mask[y].argmax())) // 2, y)
    return Prompt(points=[(x, y), halfway, (1, 1), (width - 2, height - 2)], labels=[1, 1, 0, 0])


_PROMPTED = {0: _middle_of, FRAMES // 3: _box_around, 2 * FRAMES // 3: _points_of_all_kinds}
"""Frame -> the prompt that it is given for the conformance vectors."""
