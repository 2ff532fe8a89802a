"""What PyTorch makes of each graph's inputs, written as the conformance vectors that artefacts are held against.

A classifier is recorded on pictures. A tracker is recorded on a sequence of frames: the official algorithm as a whole,
and the graphs on some of the states that it comes to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from exporter import manifest
from exporter.backends.runner import Arrays
from exporter.graphs.tasks import TASKS, TRACK_FIRST, TRACK_STEP
from exporter.graphs.tracker import state_of
from exporter.inference.prompts import Prompt, model_frame, model_mask
from exporter.inference.steps import ArtefactSteps, ReferenceSteps, TrackResult
from exporter.inference.tracker import start
from exporter.media.images import Pixels, to_input, verification_images
from exporter.media.sample_clip import sample_click, sample_clip
from exporter.models.efficienttam.config import PATCH
from exporter.models.efficienttam.model import LOGITS_PER_TOKEN
from exporter.vectors import Shape, read_vectors, shapes_of, vectors_file, write_vectors

if TYPE_CHECKING:
    from exporter.graphs.capture import Graph
    from exporter.manifest import TaskName
    from exporter.models.efficienttam import EfficientTAM
    from exporter.models.model import Model

FRAMES = 24
"""The pointer bank first drops one at frame 17, the memory at frame 8."""
COVERING = (0.01, 0.99)
"""Share of a frame that a mask covers if it says anything."""

_FILE = "vectors/sequence.safetensors"
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
    """Follow an object with the official algorithm, from its box, and run a tracker's graphs on the way.

    Writes the sequence, and each graph's runs as its vectors, below `folder`.
    """
    size = model.image_size
    frames, masks = sample_clip(FRAMES, size, size)
    reference, runners = ReferenceSteps(model), {graph.name: EagerRunner(graph) for graph in graphs}
    steps = ArtefactSteps(runners, size)
    features = [reference.encode(model_frame(frame, size)) for frame in frames]
    for number in _ENCODED:
        steps.encode(model_frame(frames[number], size))
    _prompt(steps, frames, masks, features)
    prompt = _box_around(masks[0])
    result, state = start(reference, frames[0], prompt, features[0])
    results = [result]
    for number in range(1, FRAMES):
        if number in _STEPPED:
            step = TRACK_FIRST if number == 1 and TRACK_FIRST in runners else TRACK_STEP
            remembered = {name: value.numpy() for name, value in state_of(*state).items()}
            steps.follow(features[number].numpy(), (step, remembered))
        result, state = reference.follow(features[number], state)
        results.append(result)
    for graph in graphs:
        _write(graph, runners[graph.name], folder)
    return _write_sequence(folder, frames, prompt, results, size)


def _write(graph: Graph, runner: EagerRunner, folder: Path) -> None:
    """Write a runner's runs as a graph's vectors, stacked along a new first axis; pictures as uint8."""
    images = {spec.name for spec in graph.inputs if spec.kind == "image"}
    inputs, outputs = (
        {key: np.stack([run[key] for run in runs]) for key in runs[0]} for runs in (runner.inputs, runner.outputs)
    )
    stored = {key: value.astype(np.uint8) if key in images else value for key, value in inputs.items()}
    write_vectors(folder / vectors_file(graph.name), stored, outputs)


def _prompt(steps: ArtefactSteps, frames: list[Pixels], masks: NDArray[np.bool_], features: list[Any]) -> None:
    """Prompt with a point, a box, several points, a mask and an empty mask."""
    for number, kind in _PROMPTED.items():
        start(steps, frames[number], kind(masks[number]), features[number].numpy())
    for mask in (masks[0], np.zeros_like(masks[0])):
        steps.prompt_mask(features[0].numpy(), model_mask(mask, steps.image_size))


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


_PROMPTED = {0: _middle_of, FRAMES // 3: _box_around, 2 * FRAMES // 3: _points_of_all_kinds}
"""Frame -> the prompt that it is given for the conformance vectors."""


def _write_sequence(
    folder: Path, frames: list[Pixels], prompt: Prompt, results: Sequence[TrackResult], size: int
) -> manifest.SequenceEntry:
    points, labels = prompt.model_points(size, size, size)
    logits = np.stack([result.mask_logits for result in results])
    write_vectors(
        folder / _FILE,
        {"frames": np.stack(frames), "points": points, "labels": labels},
        {
            "mask_logits": logits,
            "iou": np.array([result.iou for result in results], np.float32),
            "object_score": np.array([result.object_score for result in results], np.float32),
        },
    )
    return manifest.SequenceEntry(file=_FILE, frames=len(frames), covering=covering(logits))


def covering(logits: NDArray[np.float32]) -> int:
    """How many of the masks [frames, 1, h, w] cover a share of their frame that says anything."""
    covered = (logits > 0).mean((1, 2, 3))
    return int(((covered >= COVERING[0]) & (covered <= COVERING[1])).sum())


@dataclass(frozen=True)
class RecordedSequence:
    """A sequence as it was recorded: frames with their prompt, and what the official algorithm made of them."""

    sequence: manifest.SequenceEntry
    image_size: int
    given: Arrays
    expected: Arrays


def recorded_sequence(folder: Path, sequence: manifest.SequenceEntry, image_size: int) -> RecordedSequence:
    """The sequence of the bundle in `folder`; raises `BundleError` where it cannot be read or is another."""
    path, side = folder / sequence.file, image_size // PATCH * LOGITS_PER_TOKEN
    frames = sequence.frames
    inputs: dict[str, Shape] = {
        "frames": (frames, image_size, image_size, 3),
        "points": (1, "points", 2),
        "labels": (1, "points"),
    }
    outputs: dict[str, Shape] = {
        "mask_logits": (frames, 1, side, side),
        "iou": (frames,),
        "object_score": (frames,),
    }
    return RecordedSequence(sequence, image_size, *read_vectors(path, shapes_of(inputs, outputs)))
