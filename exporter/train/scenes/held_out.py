"""The clips that a tracker is judged on: of kinds that training never sees, with one object to follow in each.

    python -m exporter.train.scenes.held_out

looks for the seeds below anew, which it must where what draws scenes has changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

import numpy as np

from exporter.train.scenes.clip import Clip, Recipe, make_clip
from exporter.train.scenes.kinds import HELD_OUT

FRAMES = 48
SEEDS: dict[bool, tuple[int, ...]] = {
    False: tuple(range(30)),
    True: (
        22, 37, 45, 54, 76, 86, 95, 102, 115, 117, 129, 156, 220, 224, 243, 246, 250, 252, 261, 269, 280, 283, 284, 287,
        303, 315, 321, 340, 354, 356,
    ),
}  # fmt: skip
"""Of the clips without and with occlusion, the first of those that do."""

_LEAST_PIXELS = 300
"""Of the object in the first frame"""
_WHOLE, _PARTLY, _HIDDEN = 0.8, 0.5, 0.05
"""Shares of an object in sight from which it counts as seen, as seen in part, and below which as hidden"""
_HIDDEN_FRAMES, _FOUND_FRAMES = 3, 8
"""An occlusion lasts for so many frames at least, and afterwards the object is to be seen for so many."""


@dataclass(frozen=True)
class HeldOut:
    """A clip and the object in it that is to be followed from the first frame on."""

    clip: Clip
    number: int

    @property
    def masks(self) -> np.ndarray:
        """Where the object is seen: bool [T, S, S]."""
        return self.clip.mask(self.number)

    @property
    def shares(self) -> np.ndarray:
        """How much of it is in sight, 0–1: [T]."""
        return self.clip.shares()[:, self.number - 1]

    @property
    def outside(self) -> bool:
        """Whether it was hidden by leaving the picture, more than by something in front of it."""
        hidden = self.shares[: self.back] < _HIDDEN
        inside = self.clip.inside[:, self.number - 1] / np.maximum(self.clip.areas[:, self.number - 1], 1)
        return bool(hidden.any() and inside[: self.back][hidden].mean() < _PARTLY)

    @property
    def back(self) -> int | None:
        """The first frame in which the object is seen again after it was hidden; None where it never is."""
        return _back(self.shares)


def held_out_clips(occluded: bool) -> Iterator[HeldOut]:
    """The clips whose object is hidden for a while, or those in which it never is."""
    for seed in SEEDS[occluded]:
        clip = held_out_clip(seed, occluded)
        assert clip is not None, f"seed {seed} has no such clip any more: look for the seeds anew"
        yield clip


def held_out_clip(seed: int, occluded: bool) -> HeldOut | None:
    """The clip of a seed, with the first of its objects that is hidden and comes back, or that never is hidden; None
    where there is no such object."""
    clip = make_clip(Recipe(HELD_OUT, frames=FRAMES, occlusion=float(occluded)), seed)
    for number, shares in enumerate(clip.shares().T, start=1):
        large = clip.mask(number)[0].sum() >= _LEAST_PIXELS and shares[0] >= _WHOLE
        if large and (_back(shares) is not None if occluded else shares.min() >= _PARTLY):
            return HeldOut(clip, number)
    return None


def _back(shares: np.ndarray) -> int | None:
    for frame in range(1, len(shares) - _FOUND_FRAMES + 1):
        seen_before = np.flatnonzero(shares[:frame] >= _PARTLY)
        hidden = (shares[seen_before[-1] : frame] < _HIDDEN).sum() if len(seen_before) else 0
        if hidden >= _HIDDEN_FRAMES and (shares[frame : frame + _FOUND_FRAMES] >= _PARTLY).all():
            return frame
    return None


def _found(occluded: bool, clips: int) -> tuple[int, ...]:
    return tuple(islice((seed for seed in count() if held_out_clip(seed, occluded) is not None), clips))


if __name__ == "__main__":
    print({occluded: _found(occluded, 30) for occluded in (False, True)})
