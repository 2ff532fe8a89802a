"""A scene put together and filmed: frames, and for each pixel the object that is seen there."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import cv2
import numpy as np

from exporter.train.scenes.imperfections import imperfections
from exporter.train.scenes.kinds import TRAINING, Kinds
from exporter.train.scenes.motion import Path, camera, crossing, wandering
from exporter.train.scenes.shapes import SIDE, Outline
from exporter.train.scenes.textures import Random, recoloured

_OPAQUE = 128
"""A pixel belongs to an object that covers at least half of it."""


@dataclass(frozen=True)
class Recipe:
    """What clips are made of, and how hard they are."""

    kinds: Kinds = field(default=TRAINING)
    size: int = 256
    """Side in pixels of the frames"""
    frames: int = 8
    stride: float = 1.0
    """Moments between two frames; speeds are pixels a moment."""
    objects: tuple[int, int] = (2, 6)
    """Fewest and most"""
    diameter: tuple[float, float] = (28, 120)
    """Of objects, in pixels, before they grow or shrink"""
    occlusion: float = 0.4
    """How often something passes in front of the first object and hides it for a while."""
    likeness: float = 0.35
    """How often an object looks like the one before it."""
    camouflage: float = 0.1
    """How often an object is a piece of its ground, in other colours."""


@dataclass(frozen=True)
class Clip:
    """Frames, and the truth about each of K objects."""

    frames: np.ndarray
    """RGB [T, S, S, 3], uint8"""
    labels: np.ndarray
    """Number from 1 of the object that is seen at each pixel [T, S, S], uint8; 0 is the ground."""
    areas: np.ndarray
    """Pixels [T, K] that each object would cover, were it wholly in sight."""
    inside: np.ndarray
    """Pixels [T, K] of each that lie inside the picture, be they seen or hidden."""

    def mask(self, number: int) -> np.ndarray:
        """Where object `number`, from 1, is seen: bool [T, S, S]."""
        return self.labels == number

    def shares(self) -> np.ndarray:
        """How much of each object is in sight in each frame, 0–1: [T, K]."""
        count = self.areas.shape[1]
        seen = [np.bincount(frame.ravel(), minlength=count + 1)[1 : count + 1] for frame in self.labels]
        return np.array(seen) / np.maximum(self.areas, 1)


@dataclass(frozen=True)
class _Thing:
    outline: Outline
    surface: np.ndarray
    """RGB [SIDE, SIDE, 3]"""
    path: Path


def make_clip(recipe: Recipe, seed: int) -> Clip:
    """The clip of a recipe that belongs to a seed."""
    random = np.random.default_rng(seed)
    size = recipe.size
    ground = _drawn(recipe.kinds.grounds, random)(random, max(3 * size // 2, 2 * SIDE))
    things = _things(recipe, ground, random)
    if random.random() < recipe.occlusion:
        things = _with_occlusion(things, recipe, random)
    filmed_from, flaws = camera(random, size), imperfections(random)
    middle = np.array([[1, 0, size / 2], [0, 1, size / 2], [0, 0, 1]])
    frames = np.empty((recipe.frames, size, size, 3), np.uint8)
    labels = np.zeros((recipe.frames, size, size), np.uint8)
    areas, inside = np.zeros((2, recipe.frames, len(things)))
    for index in range(recipe.frames):
        time = index * recipe.stride
        view = middle @ filmed_from.matrix(time)
        frame = _seen_ground(ground, view, size)
        for number, thing in enumerate(things, start=1):
            mask = thing.outline(time)
            matrix = view @ thing.path.matrix(time) @ _CENTRED
            inside[index, number - 1] = _paste(frame, labels[index], thing.surface, mask, matrix[:2], number)
            areas[index, number - 1] = (mask >= _OPAQUE).sum() * abs(np.linalg.det(matrix[:2, :2]))
        frames[index] = flaws.seen(frame, time, random)
    return Clip(frames, labels, areas, inside)


Kind = TypeVar("Kind")

_CENTRED = np.array([[1, 0, -SIDE / 2], [0, 1, -SIDE / 2], [0, 0, 1]])


def _drawn(kinds: Sequence[Kind], random: Random) -> Kind:
    return kinds[int(random.integers(len(kinds)))]


def _things(recipe: Recipe, ground: np.ndarray, random: Random) -> list[_Thing]:
    """The objects of a scene, the farthest first."""
    things: list[_Thing] = []
    for _ in range(int(random.integers(recipe.objects[0], recipe.objects[1] + 1))):
        low, high = np.log(recipe.diameter)
        path = wandering(random, recipe.size, float(np.exp(random.uniform(low, high))) / SIDE)
        if things and random.random() < recipe.likeness:
            things.append(replace(things[-1], path=replace(path, scale=things[-1].path.scale)))
            continue
        if random.random() < recipe.camouflage:
            y, x = random.integers(0, len(ground) - SIDE, 2)
            surface = recoloured(ground[y : y + SIDE, x : x + SIDE], random)
        else:
            surface = _drawn(recipe.kinds.surfaces, random)(random, SIDE)
        things.append(_Thing(_drawn(recipe.kinds.shapes, random)(random), surface, path))
    return things


def _with_occlusion(things: list[_Thing], recipe: Recipe, random: Random) -> list[_Thing]:
    """The same, and in front of them something that hides the first of them about the middle of the clip."""
    first, duration = things[0], recipe.frames * recipe.stride
    time = random.uniform(0.3, 0.65) * duration
    scale = first.path.scale * random.uniform(1.1, 2.2)
    path = crossing(random, first.path.place(time), time, scale, recipe.size)
    surface = _drawn(recipe.kinds.surfaces, random)(random, SIDE)
    return [*things, _Thing(_drawn(recipe.kinds.shapes, random)(random), surface, path)]


def _seen_ground(ground: np.ndarray, view: np.ndarray, size: int) -> np.ndarray:
    half = len(ground) / 2
    matrix = view @ np.array([[1, 0, -half], [0, 1, -half], [0, 0, 1]])
    return cv2.warpAffine(ground, matrix[:2], (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def _paste(
    frame: np.ndarray, labels: np.ndarray, surface: np.ndarray, mask: np.ndarray, matrix: np.ndarray, number: int
) -> int:
    """Draw a surface through a mask [SIDE, SIDE], where the matrix [2, 3] takes both, and label the pixels: so many."""
    corners = matrix @ np.array([[0, SIDE, SIDE, 0], [0, 0, SIDE, SIDE], [1, 1, 1, 1]])
    left, top = np.clip(np.floor(corners.min(1)), 0, len(frame)).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(1)) + 1, 0, len(frame)).astype(int)
    if left >= right or top >= bottom:
        return 0
    window = matrix - [[0, 0, left], [0, 0, top]]
    extent = (int(right - left), int(bottom - top))
    cover = cv2.warpAffine(mask, window, extent, flags=cv2.INTER_LINEAR)
    colours = cv2.warpAffine(surface, window, extent, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    behind = frame[top:bottom, left:right]
    share = cover[..., None].astype(np.int32)
    behind[:] = (behind * (255 - share) + colours * share + 127) // 255
    covered = cover >= _OPAQUE
    labels[top:bottom, left:right][covered] = number
    return int(covered.sum())
