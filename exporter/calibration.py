"""Inputs of a model's graphs that ranges of activations are read off: none that artefacts are verified on.

A classifier's are pictures. A tracker's are recorded while it follows objects in PyTorch, so that what it remembers is
among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from exporter.backends.runner import Arrays
from exporter.errors import ImageError
from exporter.graphs.tasks import ENCODE_IMAGE, TASKS
from exporter.inference.prompts import Prompt, model_frame, model_mask
from exporter.inference.steps import ArtefactSteps
from exporter.inference.tracker import follow_prompted
from exporter.media.images import Pixels, drawn_pictures, photo_crops, read_classifier_input, to_input
from exporter.media.photos.kinds import KINDS
from exporter.media.photos.reading import read_photo
from exporter.media.sample_clip import sample_click, sample_clip
from exporter.verify.record import EagerRunner

if TYPE_CHECKING:
    from exporter.graphs.capture import Graph
    from exporter.models.model import Model
    from exporter.models.registry import Family

CROPS = 24
"""Of the sample photographs, as many again as are verified on"""
FRAMES = 12
"""That an object is followed in: more than a tracker's memory has slots, as the first of them leave it"""
MOST, FEWEST = 64, 3
"""Pictures of a folder: more change no range that matters. Of a tracker's frames the first is prompted, and the step
after that may have a graph of its own."""
_KEY = 2**40
"""Of the random numbers, which for verification are keyed by the image's size"""


@dataclass(frozen=True)
class Calibration:
    """Of a model."""

    inputs: Mapping[str, Sequence[Arrays]]
    """Graph -> inputs of one run each"""
    source: str
    """What they are, in words"""


def calibration(
    network: Model, family: Family, graphs: Sequence[Graph], folder: str | Path | None = None
) -> Calibration:
    """From a folder of pictures, or, without one, pictures and a clip made here.

    Raises `ImageError` for a folder that has no picture, and for a picture that cannot be read.
    """
    size = network.image_size
    if folder is None:
        pictures, source = sample_pictures(size), f"{CROPS} crops of photographs and synthetic pictures"
    else:
        pictures = _read(Path(folder), size, family)
        source = f"{len(pictures)} pictures of a folder"
    if TASKS[family.task].recorded_on == "pictures":
        return Calibration({graph.name: [{"image": picture} for picture in pictures] for graph in graphs}, source)
    clip = _sample_frames(size) if folder is None else _Clip([_pixels(one) for one in pictures[:FRAMES]], None)
    recorded = _followed(graphs, size, clip)
    recorded[ENCODE_IMAGE] = [*({"image": picture} for picture in pictures), *recorded[ENCODE_IMAGE]]
    return Calibration(recorded, f"{source}, and an object followed in {len(clip.frames)} frames")


def sample_pictures(size: int) -> list[np.ndarray]:
    """RGB 0–255 [1, 3, size, size]: of the kinds that graphs are verified on, and other ones."""
    random = np.random.Philox(key=_KEY + size)
    return [to_input(pixels) for pixels in (*drawn_pictures(random, size), *photo_crops(random, size, CROPS))]


def _read(folder: Path, size: int, family: Family) -> list[np.ndarray]:
    """The pictures of a folder, and of those in it, as the model takes them."""
    suffixes = {suffix for kind in KINDS for suffix in kind.suffixes}
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes and path.is_file())
    if not files:
        raise ImageError(f"--calibration {folder} has no pictures: put some dozens into it.")
    if TASKS[family.task].recorded_on == "sequence":
        if len(files) < FEWEST:
            found = f"{len(files)} pictures: a tracker follows through {FEWEST} at least"
            raise ImageError(f"--calibration {folder} has {found}.")
        files = files[:MOST]  # which follow one another
    elif len(files) > MOST:
        files = [files[round(index * (len(files) - 1) / (MOST - 1))] for index in range(MOST)]
    preprocessing = family.preprocessing
    if preprocessing.crop_pct is not None:
        return [read_classifier_input(path, size, preprocessing) for path in files[:MOST]]
    return [model_frame(np.asarray(read_photo(path)), size) for path in files[:MOST]]


@dataclass(frozen=True)
class _Clip:
    """Frames, and where the object is in the first of them."""

    frames: Sequence[Pixels]
    mask: np.ndarray | None
    """Bool [S, S]; None where nobody knows: then the object is what is in the middle"""


def _sample_frames(size: int) -> _Clip:
    """A clip that nothing is verified on."""
    frames, masks = sample_clip(FRAMES, size, size)
    return _Clip(frames, masks[0])


def _pixels(image: np.ndarray) -> Pixels:
    return cast(Pixels, image[0].transpose(1, 2, 0).round().clip(0, 255).astype(np.uint8))


def _followed(graphs: Sequence[Graph], size: int, clip: _Clip) -> dict[str, list[Arrays]]:
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
