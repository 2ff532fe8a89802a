"""A cell of a new phone from a few models measured on it: the cells of other phones that are most like it, mixed.

With ten reference models, their latencies are a fingerprint of a phone (HELP, arXiv 2106.08630). The new cell is a sum
of known ones, w ≥ 0, fitted to the fingerprint's relative error; a cell whose ratio to it varies more from anchor to
anchor costs more to use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latency_db.end_to_end.cells import Cell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_RIDGE = 1e-9
"""Tells apart two cells that are the same in all anchors"""
_NO_GAIN = 1e-9
"""Weights add up to about 1; less than this is nothing."""
_STEPS = 3
"""For each column, at most, lest rounding errors take one in and out for ever"""


class NoLikeness(ValueError):
    """No known cell has all anchors."""


@dataclass(frozen=True)
class Mixture:
    """A cell as a sum of others."""

    parts: tuple[tuple[Cell, float], ...]
    """Cell -> what its latencies are multiplied by"""

    @property
    def coefficients(self) -> Array:
        """[features] of its roofline"""
        return np.sum([weight * cell.coefficients for cell, weight in self.parts], axis=0)

    def of_model(self, model: str) -> float | None:
        """ms of a model by its own measurements elsewhere; None where one of the parts has none."""
        measured = [_milliseconds(cell, (model,)) for cell, _ in self.parts]
        if any(one is None for one in measured):
            return None
        return sum(
            weight * float(one[0]) for (_, weight), one in zip(self.parts, measured, strict=True) if one is not None
        )


def mixture(anchors: Mapping[str, float], known: Sequence[Cell]) -> Mixture:
    """The cell with these latencies (model -> ms) as a sum of known cells.

    Raises `NoLikeness` where no known cell has all anchors.
    """
    measured = [(cell, _milliseconds(cell, tuple(anchors))) for cell in known]
    usable = [(cell, milliseconds) for cell, milliseconds in measured if milliseconds is not None]
    if not usable:
        raise NoLikeness(f"no known cell has all of {', '.join(anchors)}: measure models that the tables have")
    ratios = np.array(list(anchors.values())) / np.array([milliseconds for _, milliseconds in usable])
    usual = np.median(ratios, axis=1)
    unlike = np.sqrt(np.mean(np.log(ratios / usual[:, None]) ** 2, axis=1))
    weights = _nonnegative((usual[:, None] / ratios).T, unlike)
    return Mixture(
        tuple((cell, weight * ratio) for (cell, _), weight, ratio in zip(usable, weights, usual, strict=True) if weight)
    )


def _milliseconds(cell: Cell, models: Sequence[str]) -> Array | None:
    """[models]; None where one was not measured in good order."""
    place = {model: number for number, model in enumerate(cell.models) if not cell.slow[number]}
    if not all(model in place for model in models):
        return None
    return cell.milliseconds[[place[model] for model in models]]


def _nonnegative(matrix: Array, penalty: Array) -> Array:
    """The x ≥ 0 [columns] for which matrix [rows, columns] · x is nearest to ones (Lawson and Hanson 1974, chapter 23).

    Each x costs the square of its penalty [columns] times x.
    """
    gram = matrix.T @ matrix + np.diag(penalty**2 + _RIDGE)
    target = matrix.sum(0)
    found = np.zeros(len(penalty))
    used = np.zeros(len(penalty), bool)
    for _ in range(_STEPS * len(penalty)):
        gain = np.where(used, -np.inf, target - gram @ found)
        if used.all() or gain.max() <= _NO_GAIN:
            break
        used[gain.argmax()] = True
        while True:
            wanted = np.zeros(len(penalty))
            wanted[used] = np.linalg.solve(gram[np.ix_(used, used)], target[used])
            below = used & (wanted <= 0)
            if not below.any():
                found = wanted
                break
            step = np.min(found[below] / (found[below] - wanted[below]))
            found = np.where(used, found + step * (wanted - found), 0.0)
            used &= found > _NO_GAIN
            found[~used] = 0.0
    return found
