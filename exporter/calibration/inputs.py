"""Inputs of a model's graphs that ranges of activations are read off: none that artefacts are verified on.

A classifier's are pictures, a tracker's are recorded while it follows objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.backends.runner import Arrays
from exporter.calibration.following import FRAMES, Clip, followed, pixels_of, sample_frames
from exporter.calibration.pictures import CROPS, pictures_of, sample_pictures
from exporter.graphs.tasks import ENCODE_IMAGE, TASKS

if TYPE_CHECKING:
    from exporter.graphs.capture import Graph
    from exporter.models.model import Model
    from exporter.models.registry import Family


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
        pictures = pictures_of(Path(folder), size, family)
        source = f"{len(pictures)} pictures of a folder"
    if TASKS[family.task].recorded_on == "pictures":
        return Calibration({graph.name: [{"image": picture} for picture in pictures] for graph in graphs}, source)
    clip = sample_frames(size) if folder is None else Clip([pixels_of(one) for one in pictures[:FRAMES]], None)
    recorded = followed(graphs, size, clip)
    recorded[ENCODE_IMAGE] = [*({"image": picture} for picture in pictures), *recorded[ENCODE_IMAGE]]
    return Calibration(recorded, f"{source}, and an object followed in {len(clip.frames)} frames")
