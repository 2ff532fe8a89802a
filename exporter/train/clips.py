"""Batches of scenes as a tracker is trained on them; batch number n is a function of the seed and of n alone."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from exporter.models.efficienttam.config import PATCH
from exporter.models.efficienttam.model import LOGITS_PER_TOKEN
from exporter.train.objective import Batch
from exporter.train.prompts import PromptKind, box, click
from exporter.train.scenes import Clip, Recipe, make_clip

_REDUCTION = PATCH // LOGITS_PER_TOKEN
_LEAST_PIXELS = 100
"""An object is asked for only if so many of its pixels are in sight, and a third of it."""
_LEAST_SHARE = 1 / 3
_IN_SIGHT = 16
"""Pixels, one of the mask's, from which an object counts as in sight."""


@dataclass(frozen=True)
class ClipBatches(Dataset[Batch]):
    """Batches without end."""

    recipe: Recipe
    clips: int
    """Clips in a batch"""
    objects: int
    """Objects asked for in each"""
    strides: tuple[float, float] = (1.0, 1.0)
    """Shortest and longest time between two frames"""
    apart: bool = False
    """Whether the frames of a clip are pictures by themselves, each a clip of one frame."""
    kinds: tuple[tuple[PromptKind, float], ...] = (("click", 0.5), ("box", 0.25), ("mask", 0.25))
    """Prompts, and how often there are such"""
    corrections: tuple[float, ...] = (0.7, 0.2, 0.1)
    """How often no click, one or two are added to a click."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.apart and any(kind == "mask" for kind, _ in self.kinds):
            raise ValueError(
                "A picture by itself has nothing to find after its mask was given: ask with clicks and boxes."
            )

    def __getitem__(self, index: int) -> Batch:
        cv2.setNumThreads(1)  # the others train
        random = np.random.default_rng((self.seed, index))
        names, shares = zip(*self.kinds, strict=True)
        kind: PromptKind = names[random.choice(len(names), p=shares)]
        clips: list[tuple[Tensor, ...]] = []
        while len(clips) < self.clips:
            stride = float(np.exp(random.uniform(*np.log(self.strides))))
            made = make_clip(replace(self.recipe, stride=stride), int(random.integers(2**62)))
            for clip in _pictures(made) if self.apart else [made]:
                asked = _askable(clip)
                if len(asked) and len(clips) < self.clips:
                    clips.append(_sample(clip, _chosen(asked, self.objects, random), kind, random))
        frames, targets, in_sight, labels, *prompts = (torch.stack(parts) for parts in zip(*clips, strict=True))
        if kind == "mask":
            return Batch(frames, targets, in_sight, labels, None, None, prompts[0])
        corrections = int(random.choice(len(self.corrections), p=self.corrections)) if kind == "click" else 0
        return Batch(frames, targets, in_sight, labels, prompts[0], prompts[1], None, corrections)


@dataclass(frozen=True)
class Alternating(Dataset[Batch]):
    """Batches of several kinds, in turn."""

    parts: tuple[ClipBatches, ...]

    def __getitem__(self, index: int) -> Batch:
        turn, part = divmod(index, len(self.parts))
        return self.parts[part][turn]


def _pictures(clip: Clip) -> list[Clip]:
    parts = zip(clip.frames, clip.labels, clip.areas, clip.inside, strict=True)
    return [Clip(*(part[None] for part in own)) for own in parts]


def _askable(clip: Clip) -> np.ndarray:
    """Numbers of the objects that are well in sight in the first frame."""
    pixels = np.bincount(clip.labels[0].ravel(), minlength=clip.areas.shape[1] + 1)[1:]
    return np.flatnonzero((pixels >= _LEAST_PIXELS) & (clip.shares()[0] >= _LEAST_SHARE)) + 1


def _chosen(asked: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """So many of them: the first, which scenes are made around, and others; the same ones again where they are few."""
    others = random.permutation(asked[1:])
    return np.resize(np.concatenate([asked[:1], others]), count)


def _sample(clip: Clip, numbers: np.ndarray, kind: PromptKind, random: np.random.Generator) -> tuple[Tensor, ...]:
    """Frames, targets, what is in sight, and prompts of the objects with these numbers."""
    masks = [clip.mask(number) for number in numbers]
    side = clip.frames.shape[1] // _REDUCTION
    targets = np.stack([[_reduced(frame, side) for frame in mask] for mask in masks])
    in_sight = np.stack([mask.sum((1, 2)) >= _IN_SIGHT for mask in masks]).astype(np.float32)
    middle = _REDUCTION // 2
    labels = clip.labels[:, middle::_REDUCTION, middle::_REDUCTION]
    scene = tuple(map(np.ascontiguousarray, (clip.frames.transpose(0, 3, 1, 2), targets, in_sight, labels)))
    if kind == "mask":
        return tuple(map(torch.from_numpy, (*scene, np.stack([mask[0] for mask in masks]).astype(np.uint8))))
    asks = [(click if kind == "click" else box)(mask[0], random) for mask in masks]
    prompts = (np.stack([ask[0] for ask in asks]), np.stack([ask[1] for ask in asks]))
    return tuple(map(torch.from_numpy, (*scene, *prompts)))


def _reduced(mask: np.ndarray, side: int) -> np.ndarray:
    return cv2.resize(mask.astype(np.uint8) * 255, (side, side), interpolation=cv2.INTER_AREA)
