"""Pictures of one size with a class each, and how they are parted: to train with, to choose by, to judge at last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHOOSING = 0.15
"""Share of the pictures which are not judged with that a search chooses by"""
FOLDS = 5


@dataclass(frozen=True, eq=False)
class Pictures:
    """N pictures."""

    pixels: NDArray[np.uint8]
    """RGB [N, 3, S, S]; may lie on disk"""
    labels: NDArray[np.int64]
    """Of their classes [N]"""
    classes: tuple[str, ...]

    @property
    def size(self) -> int:
        """S"""
        return int(self.pixels.shape[-1])

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Parts:
    """Which pictures are for what; none is in two."""

    training: NDArray[np.int64]
    choosing: NDArray[np.int64]
    """A search judges architectures by them"""
    judging: NDArray[np.int64]
    """What is reported is measured on them, and nothing is chosen by them"""


def parted(labels: NDArray[np.int64], fold: int = 0, folds: int = FOLDS) -> Parts:
    """All pictures, parted at random with as large a share of each class: one fold of so many is judged with.

    Raises `ValueError` where a class has fewer pictures than there are folds, or where there is no such fold.
    """
    counts = np.bincount(labels)
    if counts.min() < folds or not 0 <= fold < folds:
        raise ValueError(f"a class has {counts.min()} pictures, and {folds} folds are asked for, of them number {fold}")
    order = np.random.default_rng(0).permutation(len(labels))
    ranks = _ranks(labels[order])
    judging = order[ranks % folds == fold]
    others = order[ranks % folds != fold]
    ranks = _ranks(labels[others])
    every = round(1 / CHOOSING)
    return Parts(np.sort(others[ranks % every != 0]), np.sort(others[ranks % every == 0]), np.sort(judging))


def parted_as_given(labels: NDArray[np.int64], judging: Sequence[int]) -> Parts:
    """Where it is given which are judged with."""
    others = np.setdiff1d(np.arange(len(labels)), judging)
    order = np.random.default_rng(0).permutation(others)
    chosen = _ranks(labels[order]) % round(1 / CHOOSING) == 0
    return Parts(np.sort(order[~chosen]), np.sort(order[chosen]), np.sort(np.asarray(judging, dtype=np.int64)))


def _ranks(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many pictures of the same class come before each."""
    seen = np.zeros(labels.max() + 1, dtype=np.int64)
    ranks = np.empty(len(labels), dtype=np.int64)
    for place, label in enumerate(labels):
        ranks[place] = seen[label]
        seen[label] += 1
    return ranks
