"""Pictures of one object before a photograph, of 20 classes: what outline it has, and what surface.

They tell classifiers apart that all know their digits. Those to judge with show photographs that are in no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from exporter.train.pictures.labelled import Parts, Pictures, parted_as_given
from exporter.train.scenes import photographs, shapes, textures
from exporter.train.scenes.clip import Recipe, make_clip
from exporter.train.scenes.kinds import Kinds

OUTLINES = (shapes.blob, shapes.heart, shapes.rectangle, shapes.ring, shapes.star)
SURFACES = (textures.cells, textures.checks, textures.dots, textures.stripes)
CLASSES = tuple(f"{outline.__name__} of {surface.__name__}" for outline, surface in product(OUTLINES, SURFACES))
DIAMETER = (0.7, 1.2)
"""Of objects, as a share of the picture's side"""
CANVAS = 1.5
"""Side of what is drawn, of which the picture is the part around the object"""
JUDGED = 0.25
"""Share of the pictures to judge with"""


def objects(size: int, count: int) -> tuple[Pictures, Parts]:
    """So many pictures, of each class as many, and their parts."""
    first = round((1 - JUDGED) * count)
    parts = drawn(range(first), size), drawn(range(first, count), size, judged=True)
    pictures = Pictures(np.concatenate([one.pixels for one in parts]), np.arange(count) % len(CLASSES), CLASSES)
    return pictures, parted_as_given(pictures.labels, range(first, count))


def drawn(numbers: Sequence[int], size: int, judged: bool = False) -> Pictures:
    """Pictures [size, size] by their numbers, from which all follows; those to judge with are others."""
    pixels = np.stack([_picture(number, size, judged) for number in numbers])
    return Pictures(pixels, np.asarray(numbers) % len(CLASSES), CLASSES)


def _picture(number: int, size: int, judged: bool) -> np.ndarray:
    """RGB [3, size, size], uint8."""
    outline, surface = divmod(number % len(CLASSES), len(SURFACES))
    names = photographs.HELD_OUT if judged else photographs.FOR_TRAINING
    kinds = Kinds((OUTLINES[outline],), (SURFACES[surface],), (textures.of_photographs(names),))
    low, high = DIAMETER
    canvas = round(CANVAS * size)
    recipe = Recipe(kinds, canvas, 1, 1.0, (1, 1), (low * size, high * size), 0.0, 0.0, 0.0)
    clip = make_clip(recipe, number)
    top, left = corner(clip.labels[0], size)
    return clip.frames[0, top : top + size, left : left + size].transpose(2, 0, 1)


def corner(labels: np.ndarray, size: int) -> tuple[int, int]:
    """Top and left of the part [size, size] around what is labelled, within the canvas [S, S]."""
    canvas, seen = len(labels), np.argwhere(labels)
    middle = seen.mean(0) if len(seen) else np.full(2, canvas / 2)  # of what is out of sight there is nothing
    top, left = np.clip(middle.round() - size // 2, 0, canvas - size).astype(int)
    return int(top), int(left)
