"""The part of a report that a tracker has: what its artefacts saw in the sequence, frame by frame."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from device_profiles.vocabulary import Precision
from exporter.graphs.tasks import TRACK_STEP
from exporter.manifest import Manifest, Rollout, RolloutTolerance, TensorSpec
from exporter.report.pictures import jpeg, png
from exporter.vectors import read_vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STRIDE = 3
"""Frames from one row of pictures to the next."""
LONGEST = 128
"""Longest side of a picture, pixels."""
HEIGHT, MARGIN = 120, 10
"""Of a curve's plot, pixels, and what is left free above and below it."""
MOST_TICKS = 4
"""Decades of a curve's plot that get a label, at most."""


@dataclass(frozen=True)
class Row:
    """A frame of the sequence and what was seen in it."""

    frame: int
    picture: str
    reference: str
    formats: dict[str, tuple[str, str, int]]
    """Format -> its mask, where that differs from PyTorch's, and in how many pixels"""


@dataclass(frozen=True)
class Curve:
    """How far a format's mask logits are off, frame by frame, in places of a plot."""

    format: str
    limit: tuple[float, float] | None
    """(y in pixels, the difference) of what is allowed; None where there is no bound"""
    points: list[tuple[float, float, str, bool]]
    """(x in percent, y in pixels, what it says, whether it is too far off)"""


@dataclass(frozen=True)
class Following:
    rows: list[Row]
    curves: list[Curve]
    ticks: list[tuple[float, str]]
    """(y in pixels, label)"""
    tolerances: dict[Precision, RolloutTolerance]
    """Of the precisions that occur"""
    state: list[tuple[TensorSpec, int]]
    """What is remembered of an object, and its bytes"""
    stride: int = STRIDE
    height: int = HEIGHT


def following(folder: Path, manifest: Manifest, masks: Mapping[str, NDArray[np.bool_]]) -> Following | None:
    """`masks` [objects, frames, h, w] by format. None for what is no tracker.

    Raises `BundleError` for unreadable vectors.
    """
    if manifest.sequence is None:
        return None
    import numpy as np

    given, expected = read_vectors(folder / manifest.sequence.file)
    reference = expected["mask_logits"][:, :, 0] > 0
    step = next(graph for graph in manifest.graphs if graph.name == TRACK_STEP)
    scale = _Decades(manifest.rollouts)
    return Following(
        rows=[
            Row(
                frame=number,
                picture=jpeg(given["frames"][number].astype("uint8"), LONGEST),
                reference=png(coloured(reference[:, number]), LONGEST),
                formats={
                    format: (
                        png(coloured(seen[:, number]), LONGEST),
                        png(differing(reference[:, number], seen[:, number]), LONGEST),
                        int((reference[:, number] != seen[:, number]).sum()),
                    )
                    for format, seen in masks.items()
                    if number < seen.shape[1]
                },
            )
            for number in range(0, manifest.sequence.frames, STRIDE)
        ],
        curves=[
            _curve(rollout, manifest.label(rollout.variant), manifest.sequence.frames, scale)
            for rollout in manifest.rollouts
            if rollout.max_abs
        ],
        ticks=scale.ticks,
        tolerances={rollout.precision: rollout.tolerance for rollout in manifest.rollouts},
        state=[
            (spec, np.dtype(spec.dtype).itemsize * math.prod(spec.shape))
            for spec in step.inputs
            if spec.name in manifest.state.values()
        ],
    )


def coloured(masks: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Masks [objects, h, w] in the colours in which `track` draws objects, the first on top."""
    from exporter.media.masks import PALETTE
    from exporter.media.overlay import label_map

    return PALETTE[label_map(dict(enumerate(masks, 1)))]


def differing(reference: NDArray[np.bool_], masks: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Of masks [objects, h, w]: red where only PyTorch sees an object, blue where only the artefact does, and dark grey
    where both do."""
    import numpy as np

    colours = np.array([[0, 0, 0], [60, 150, 255], [255, 70, 50], [60, 60, 60]], np.uint8)
    both, only_artefact, only_pytorch = reference & masks, masks & ~reference, reference & ~masks
    kinds = np.select([only_pytorch.any(0), only_artefact.any(0), both.any(0)], [2, 1, 3], 0)
    return colours[kinds]


class _Decades:
    """Errors on a logarithmic scale that includes the tolerances; what is not finite is at its top."""

    def __init__(self, rollouts: tuple[Rollout, ...]) -> None:
        errors = [error for rollout in rollouts for error in (rollout.tolerance.max_abs, *rollout.max_abs) if error]
        self._low = math.floor(math.log10(min(errors, default=1)))
        self._high = math.ceil(math.log10(max(errors, default=1))) + 1

    def y(self, error: float | None) -> float:
        exponent = self._high if error is None else math.log10(max(error, 10.0**self._low))
        share = (exponent - self._low) / (self._high - self._low)
        return round(HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN), 1)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        stride = 2 * math.ceil((self._high - self._low) / (2 * MOST_TICKS))
        return [(self.y(10.0**exponent), f"1e{exponent:+03d}") for exponent in range(self._low, self._high, stride)]


def _curve(rollout: Rollout, label: str, frames: int, scale: _Decades) -> Curve:
    last, allowed = max(1, frames - 1), rollout.tolerance.max_abs
    return Curve(
        format=label,
        limit=None if allowed is None else (scale.y(allowed), allowed),
        points=[
            (
                round(100 * number / last, 2),
                scale.y(error),
                f"frame {number}: " + ("not finite" if error is None else f"{error:.1e}"),
                error is None or (allowed is not None and error > allowed),
            )
            for number, error in enumerate(rollout.max_abs)
        ],
    )
