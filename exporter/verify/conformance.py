"""The conformance set of a tracker's bundle: frames, prompts, and what the official algorithm made of them, as a file.

Artefacts are followed through it here, and apps follow it on a device, by nothing but what the file holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from exporter import manifest
from exporter.backends.runner import Arrays
from exporter.errors import BundleError, PromptError
from exporter.inference.prompts import Prompt, graph_points
from exporter.inference.steps import Array, TrackResult
from exporter.media.images import Pixels
from exporter.models.efficienttam.config import PATCH
from exporter.models.efficienttam.model import LOGITS_PER_TOKEN
from exporter.models.point_labels import MOST_POINTS
from exporter.vectors import Shape, read_vectors, shapes_of, write_vectors

COVERING = (0.01, 0.99)
"""Share of a frame that a mask covers if it says anything."""

Prompts = Mapping[int, Mapping[int, Prompt]]
"""Frame -> object -> its prompt in that frame"""

_FILE = "vectors/sequence.safetensors"


@dataclass(frozen=True)
class RecordedSequence:
    """A sequence as it was recorded: frames, prompts, and what the official algorithm made of them."""

    sequence: manifest.SequenceEntry
    image_size: int
    frames: list[Pixels]
    """[S, S, 3] each"""
    prompts: Prompts
    """In pixels of the frames; each object has one at least"""
    expected: Arrays
    """`mask_logits` [objects, frames, 1, S/4, S/4], `iou` and `object_score` [objects, frames]; zeros before an
    object's first prompt"""

    @property
    def prompted(self) -> NDArray[np.bool_]:
        """Whether an object has been prompted by a frame, so that there is something to compare [objects, frames]."""
        return _prompted(self.prompts, self.sequence.objects, self.sequence.frames)

    @property
    def says_little(self) -> bool:
        """Whether fewer than half of the masks cover a share of their frame that says anything."""
        return self.sequence.covering * 2 < int(self.prompted.sum())


def write_sequence(
    folder: Path, frames: Sequence[Pixels], prompts: Prompts, results: Sequence[Mapping[int, TrackResult]]
) -> manifest.SequenceEntry:
    """Write what was seen of each object in each frame [S, S, 3] below the bundle's `folder`.

    The tensors, of F frames, N objects and P prompts, which are in the order of their frames:

    * `input.frames`: uint8 [F, S, S, 3], RGB;
    * `input.prompt_frame` and `input.prompt_object`: int32 [P], from 0;
    * `input.points` [P, 4, 2] and `input.labels` [P, 4]: float32, as the graph `prompt_points` takes those of one
      prompt; a box comes first, as two points, and points that are not there have the label -2;
    * `output.mask_logits` [N, F, 1, S/4, S/4], `output.iou` and `output.object_score` [N, F]: float32, all finite;
      zeros before an object's first prompt, where there is nothing to compare.

    In each frame the objects that were prompted before are followed, but for those that are prompted in it: these start
    anew, and the prompt's result is their result in that frame.
    """
    shape = (1 + max(results[-1]), len(frames))
    logits = by_object(results, lambda one: one.mask_logits, (*shape, *results[-1][0].mask_logits.shape))
    given = [(number, one, prompts[number][one]) for number in sorted(prompts) for one in sorted(prompts[number])]
    size = len(frames[0])
    points, labels = zip(*(graph_points(*prompt.model_points(size, size, size)) for _, _, prompt in given), strict=True)
    write_vectors(
        folder / _FILE,
        {
            "frames": np.stack(frames),
            "prompt_frame": np.array([number for number, _, _ in given], np.int32),
            "prompt_object": np.array([one for _, one, _ in given], np.int32),
            "points": np.concatenate(points),
            "labels": np.concatenate(labels),
        },
        {
            "mask_logits": logits,
            "iou": by_object(results, lambda one: one.iou, shape),
            "object_score": by_object(results, lambda one: one.object_score, shape),
        },
    )
    compared = logits[_prompted(prompts, *shape)]
    return manifest.SequenceEntry(file=_FILE, frames=len(frames), objects=shape[0], covering=covering(compared))


def by_object(
    results: Sequence[Mapping[int, TrackResult]], value: Callable[[TrackResult], Array | float], shape: tuple[int, ...]
) -> Array:
    """A value of each object in each frame [objects, frames, ...]; zeros before an object's first prompt."""
    table = np.zeros(shape, np.float32)
    for number, seen in enumerate(results):
        for one, result in seen.items():
            table[one, number] = value(result)
    return table


def recorded_sequence(folder: Path, sequence: manifest.SequenceEntry, image_size: int) -> RecordedSequence:
    """The sequence of the bundle in `folder`; raises `BundleError` where it cannot be read or is another."""
    path, side = folder / sequence.file, image_size // PATCH * LOGITS_PER_TOKEN
    frames, objects = sequence.frames, sequence.objects
    inputs: dict[str, Shape] = {
        "frames": (frames, image_size, image_size, 3),
        "prompt_frame": ("prompts",),
        "prompt_object": ("prompts",),
        "points": ("prompts", MOST_POINTS, 2),
        "labels": ("prompts", MOST_POINTS),
    }
    outputs: dict[str, Shape] = {
        "mask_logits": (objects, frames, 1, side, side),
        "iou": (objects, frames),
        "object_score": (objects, frames),
    }
    given, expected = read_vectors(path, shapes_of(inputs, outputs))
    try:
        prompts = _prompts(given, sequence, image_size)
    except PromptError as error:
        raise BundleError(f"The prompts of {path} are damaged ({error}); export the model again.") from error
    pictures = [frame.astype(np.uint8) for frame in given["frames"]]
    return RecordedSequence(sequence, image_size, pictures, prompts, expected)


def covering(logits: NDArray[np.float32]) -> int:
    """How many of the masks [masks, 1, h, w] cover a share of their frame that says anything."""
    covered = (logits > 0).mean((1, 2, 3))
    return int(((covered >= COVERING[0]) & (covered <= COVERING[1])).sum())


def _prompts(given: Arrays, sequence: manifest.SequenceEntry, size: int) -> Prompts:
    """The prompts of a file that somebody else may have made; raises `PromptError` for what is none."""
    prompts: dict[int, dict[int, Prompt]] = defaultdict(dict)
    for index, (frame, one) in enumerate(zip(given["prompt_frame"], given["prompt_object"], strict=True)):
        if not (frame in range(sequence.frames) and one in range(sequence.objects)):
            raise PromptError(f"object {one:g} is prompted in frame {frame:g}")
        if int(one) in prompts[int(frame)]:
            raise PromptError(f"object {one:g} is prompted twice in frame {frame:g}")
        points, labels = given["points"][index : index + 1], given["labels"][index : index + 1]
        prompt = Prompt.of_model_points(points, labels)
        prompt.check(size, size)
        again = graph_points(*prompt.model_points(size, size, size))
        if not (np.array_equal(again[0], points) and np.array_equal(again[1], labels)):
            raise PromptError("absent points come last, and a box first")
        prompts[int(frame)][int(one)] = prompt
    if set().union(*prompts.values()) != set(range(sequence.objects)):
        raise PromptError("an object has none")
    return dict(prompts)


def _prompted(prompts: Prompts, objects: int, frames: int) -> NDArray[np.bool_]:
    """Whether each object was prompted in a frame or before it [objects, frames]."""
    table = np.zeros((objects, frames), np.bool_)
    for number, prompted in prompts.items():
        for one in prompted:
            table[one, number:] = True
    return table
