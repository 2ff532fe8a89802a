"""Pictures to calibrate on: none that artefacts are verified on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from exporter.errors import ImageError
from exporter.graphs.tasks import TASKS
from exporter.inference.prompts import model_frame
from exporter.media.images import drawn_pictures, photo_crops, read_classifier_input, to_input
from exporter.media.photos.kinds import KINDS
from exporter.media.photos.reading import read_photo

if TYPE_CHECKING:
    from exporter.models.registry import Family

CROPS = 24
"""Of the sample photographs, as many again as are verified on"""
MOST, FEWEST = 64, 3
"""Pictures of a folder: more change no range that matters. Of a tracker's frames the first is prompted, and the step
after that may have a graph of its own."""
_KEY = 2**40
"""Of the random numbers, which for verification are keyed by the image's size"""


def sample_pictures(size: int) -> list[np.ndarray]:
    """RGB 0–255 [1, 3, size, size]: of the kinds that graphs are verified on, and other ones."""
    random = np.random.Philox(key=_KEY + size)
    return [to_input(pixels) for pixels in (*drawn_pictures(random, size), *photo_crops(random, size, CROPS))]


def pictures_of(folder: Path, size: int, family: Family) -> list[np.ndarray]:
    """The pictures of a folder, and of those in it, as the model takes them; raises `ImageError` for none."""
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
