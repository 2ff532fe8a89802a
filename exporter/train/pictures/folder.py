"""Pictures of one's own: a folder with a folder for each class.

They are decoded once, into a file beside what is trained, from which training reads pixels.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exporter.errors import DataError, ImageError
from exporter.manifest import Preprocessing
from exporter.media.images import read_classifier_input
from exporter.train.pictures.labelled import Parts, Pictures, parted, parted_as_given

TRAINING, JUDGING = "train", ("val", "valid", "validation", "test")
"""Names of folders that part the pictures, where there are such"""
FEWEST = 10
"""Pictures of each class; with fewer nothing can be told"""
_PIXELS, _INDEX = "pictures.npy", "pictures.json"


@dataclass(frozen=True)
class Folder:
    """What is in a folder of pictures."""

    pictures: Pictures
    parts: Parts
    skipped: tuple[str, ...]
    """Files that are no pictures, or broken, and why"""


def read_folder(
    path: Path, size: int, preprocessing: Preprocessing, into: Path, progress: Callable[[float], None] | None = None
) -> Folder:
    """Decode all pictures below `path`, cropped and resized as the exported classifier takes them.

    The pixels are kept in the folder `into`, and are not decoded again while the files are the same. Raises
    `DataError` where there are fewer than two classes, or a class has too few pictures.
    """
    if not path.is_dir():
        raise DataError(f"{path} is no folder: pass one that has a folder of pictures for each class, or 'digits'.")
    files = list(_files(path))
    classes = tuple(sorted({name for _, name, _ in files}))
    if len(classes) < 2:
        raise DataError(f"{path} has {len(classes)} folders with files in them: it takes one for each of two classes.")
    into.mkdir(parents=True, exist_ok=True)
    index = _index(path, files, size, preprocessing)
    if not _kept(into, index):
        _decode(path, files, size, preprocessing, into, index, progress or (lambda share: None))
    found = json.loads((into / _INDEX).read_text(encoding="utf-8"))
    good = np.array([place for place, why in enumerate(found["why"]) if not why], dtype=np.int64)
    labels = np.array([classes.index(files[place][1]) for place in good], dtype=np.int64)
    _refuse_few(path, labels, classes)
    pixels = np.load(into / _PIXELS, mmap_mode="r")
    pictures = Pictures(pixels, labels, classes)
    judging = [row for row, place in enumerate(good) if files[place][2]]
    parts = parted_as_given(labels, judging) if judging else parted(labels)
    skipped = tuple(f"{files[place][0]}: {why}" for place, why in enumerate(found["why"]) if why)
    return Folder(pictures, parts, skipped)


def _files(path: Path) -> Iterator[tuple[Path, str, bool]]:
    """Each file with its class, and whether it is there to judge with."""
    judging = next((path / name for name in JUDGING if (path / name).is_dir()), None)
    if (path / TRAINING).is_dir() and judging is not None:
        parts = [(path / TRAINING, False), (judging, True)]
    else:
        parts = [(path, False)]
    for part, judged in parts:
        for folder in sorted(one for one in part.iterdir() if one.is_dir() and not one.name.startswith(".")):
            for file in sorted(one for one in folder.rglob("*") if one.is_file() and not one.name.startswith(".")):
                yield file.relative_to(path), folder.name, judged


def _index(
    path: Path, files: list[tuple[Path, str, bool]], size: int, preprocessing: Preprocessing
) -> dict[str, object]:
    """What the decoded pixels follow from."""
    states = [(str(name), (path / name).stat().st_size, (path / name).stat().st_mtime_ns) for name, _, _ in files]
    return {"files": [list(state) for state in states], "size": size, "preprocessing": preprocessing.model_dump()}


def _kept(into: Path, index: dict[str, object]) -> bool:
    try:
        known = json.loads((into / _INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (into / _PIXELS).exists() and {name: known.get(name) for name in index} == json.loads(json.dumps(index))


def _decode(
    path: Path,
    files: list[tuple[Path, str, bool]],
    size: int,
    preprocessing: Preprocessing,
    into: Path,
    index: dict[str, object],
    progress: Callable[[float], None],
) -> None:
    (into / _INDEX).unlink(missing_ok=True)
    why: list[str] = []
    shape = (len(files), 3, size, size)
    pixels = np.lib.format.open_memmap(into / _PIXELS, mode="w+", dtype=np.uint8, shape=shape)
    count = 0
    for place, (name, _, _) in enumerate(files):
        try:
            picture = read_classifier_input(path / name, size, preprocessing)
            pixels[count] = picture[0].round().clip(0, 255)
            why.append("")
            count += 1
        except ImageError as error:
            why.append(str(error))
        progress((place + 1) / len(files))
    pixels.flush()
    (into / _INDEX).write_text(json.dumps({**index, "why": why}), encoding="utf-8")  # last: the pixels are whole


def _refuse_few(path: Path, labels: np.ndarray, classes: tuple[str, ...]) -> None:
    counts = np.bincount(labels, minlength=len(classes))
    if counts.min() < FEWEST:
        name = classes[int(counts.argmin())]
        raise DataError(f"{path} has {counts.min()} readable pictures of '{name}': each class takes {FEWEST} at least.")
