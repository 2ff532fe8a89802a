"""What PyTorch makes of each graph's inputs, written as the conformance vectors that artefacts are held against.

A classifier is recorded on pictures. A tracker is recorded on a sequence of frames: its graphs in the order in which
an app runs them, and the official algorithm as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from exporter import manifest
from exporter.backends.runner import Arrays
from exporter.bundle import digest, read_vectors, vectors_file, write_vectors
from exporter.graphs.tasks import ENCODE_IMAGE, PROMPT_MASK, PROMPT_POINTS, TASKS, TRACK_FIRST, TRACK_STEP
from exporter.inference.prompts import Prompt, model_frame, model_mask
from exporter.inference.steps import ArtefactSteps, ReferenceSteps, TrackResult
from exporter.inference.tracker import follow_features, start
from exporter.media.images import Pixels, to_input, verification_images
from exporter.media.sample_clip import sample_clip
from exporter.verify.prompt_choice import PromptChoice, box_around, click, middle_of, points_of_all_kinds, prompt_choice

if TYPE_CHECKING:
    from exporter.graphs.capture import Graph
    from exporter.models.efficienttam import EfficientTAM
    from exporter.models.model import Model
    from exporter.models.registry import ModelInfo

FRAMES = 24
"""The pointer bank first drops one at frame 17, the memory at frame 8."""
COVERING = (0.01, 0.99)
"""Share of a frame that a mask covers if it says anything."""

_FILE = "vectors/sequence.safetensors"
_KEPT = {ENCODE_IMAGE: (0, FRAMES // 2), TRACK_FIRST: (0,), TRACK_STEP: (0, 1, 6, FRAMES - 3)}
"""Graph -> which of its runs on the sequence become its conformance vectors: memories of different fullness."""


class EagerRunner:
    """A graph's eager module as a runner that keeps some of its runs; with `kept` None all of them."""

    runtime = "PyTorch"

    def __init__(self, graph: Graph, kept: Collection[int] | None = ()) -> None:
        self._graph, self._kept, self._count = graph, kept, 0
        self.inputs: list[Arrays] = []
        self.outputs: list[Arrays] = []

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> Arrays:
        with torch.inference_mode():
            results = self._graph.module(**{name: torch.from_numpy(value) for name, value in inputs.items()})
        outputs = {name: value.numpy() for name, value in results.items()}
        if self._kept is None or self._count in self._kept:
            self.inputs.append(dict(inputs))
            self.outputs.append(outputs)
        self._count += 1
        return outputs


def record(
    info: ModelInfo, model: Model, trained: bool, graphs: Sequence[Graph], folder: Path
) -> manifest.SequenceEntry | None:
    """Write what PyTorch makes of a model's graphs, on what its task is recorded on; return the sequence, if it is one.

    `folder` is the bundle's; `info` the registry's row of the model.
    """
    if TASKS[info.family.task].recorded_on == "pictures":
        for graph in graphs:
            record_pictures(graph, folder)
        return None
    tracker = cast("EfficientTAM", model)
    return record_sequence(graphs, tracker, prompt_choice(info.name, tracker, trained), folder)


def record_pictures(graph: Graph, folder: Path) -> None:
    """Run a graph that takes a picture on the verification pictures, and write its vectors below `folder`."""
    (image,) = graph.inputs
    runner = EagerRunner(graph, None)
    for pixels in verification_images(image.shape[-1]):
        runner({image.name: to_input(pixels)})
    _write(graph, runner, folder)


def record_sequence(
    graphs: Sequence[Graph], model: EfficientTAM, choice: PromptChoice, folder: Path
) -> manifest.SequenceEntry:
    """Run a tracker's graphs and the official algorithm on a sequence, prompted as chosen; write both below `folder`.

    Each graph's vectors are some of its runs.
    """
    size = model.image_size
    frames, masks = sample_clip(FRAMES, size, size)
    followed = {graph.name: EagerRunner(graph, _KEPT.get(graph.name, ())) for graph in graphs}
    steps = ArtefactSteps(followed, size)
    features = [steps.encode(model_frame(frame, size)) for frame in frames]
    prompt = click(choice.click)
    for _ in follow_features(steps, frames[0], prompt, features):
        pass
    prompted = {graph.name: EagerRunner(graph, None) for graph in graphs if graph.name in (PROMPT_POINTS, PROMPT_MASK)}
    _prompt(ArtefactSteps(prompted, size), frames, masks, features, choice)
    for graph in graphs:
        _write(graph, (prompted if graph.name in prompted else followed)[graph.name], folder)
    # The official algorithm takes the same features: the eager encoder is its own.
    tensors = [torch.from_numpy(one) for one in features]
    results = list(follow_features(ReferenceSteps(model), frames[0], prompt, tensors))
    return _write_sequence(folder, frames, prompt, results, size)


def _write(graph: Graph, runner: EagerRunner, folder: Path) -> None:
    """Write the runs that a runner kept as a graph's vectors, stacked along a new first axis; pictures as uint8."""
    images = {spec.name for spec in graph.inputs if spec.kind == "image"}
    inputs, outputs = (
        {key: np.stack([run[key] for run in runs]) for key in runs[0]} for runs in (runner.inputs, runner.outputs)
    )
    stored = {key: value.astype(np.uint8) if key in images else value for key, value in inputs.items()}
    write_vectors(folder / vectors_file(graph.name), stored, outputs)


def _prompt(
    steps: ArtefactSteps, frames: list[Pixels], masks: NDArray[np.bool_], features: list[Any], choice: PromptChoice
) -> None:
    """Prompt with a point, a box, several points, a mask and an empty mask."""
    for kind, number in (
        (middle_of, choice.point_frame),
        (box_around, choice.box_frame),
        (points_of_all_kinds, choice.points_frame),
    ):
        start(steps, frames[number], kind(masks[number]), features[number])
    for mask in (masks[0], np.zeros_like(masks[0])):
        steps.prompt_mask(features[0], model_mask(mask, steps.image_size))


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
    return manifest.SequenceEntry(
        file=_FILE, sha256=digest(folder / _FILE), frames=len(frames), covering=covering(logits)
    )


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
    """The sequence of the bundle in `folder`; raises `BundleError` where it cannot be read."""
    return RecordedSequence(sequence, image_size, *read_vectors(folder / sequence.file))
