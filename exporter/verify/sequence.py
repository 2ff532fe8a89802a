"""A tracker as a whole: errors compound through its memory, so agreement graph by graph is not enough.

A variant's artefacts follow the recorded sequence, and must see what the official algorithm saw in every frame.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.backends import backend
from exporter.backends.runner import InputProgress, Progress, Runner
from exporter.bundle import Bundle
from exporter.errors import describe
from exporter.inference.steps import ArtefactSteps, Steps, TrackResult
from exporter.inference.tracker import follow_prompted
from exporter.manifest import Artifact, Rollout, Variant, Verification
from exporter.verify.conformance import RecordedSequence, by_object, covering, recorded_sequence
from exporter.verify.parity import mask_iou
from exporter.verify.tolerances import TOLERANCES, worth_following
from exporter.worker.isolated import isolated

FEWEST = 2
"""Frames that are followed however long they take: on the first an object is found, not followed."""


@dataclass(frozen=True)
class Followed:
    """What came of following the sequence."""

    rollout: Rollout
    masks: NDArray[np.bool_]
    """[objects, frames, S/4, S/4], empty before the first prompt; of no frames where the artefacts do not run"""


def roll_out(
    variant: Variant,
    load: Callable[[], Mapping[str, Runner]],
    recorded: RecordedSequence,
    progress: InputProgress | None = None,
    seconds: float | None = None,
) -> Followed:
    """Follow a recorded sequence with one variant's artefacts, from disk, and compare every frame.

    `load` gives a runner for each graph; what it raises fails the rollout. `seconds` is the time box, as of `follow`.
    """
    try:
        return follow(variant, load(), recorded, progress, seconds)
    except Exception as error:  # whatever a runtime throws
        detail = f"The artefacts do not run ({describe(error)})"
        rollout = Rollout(
            **asdict(variant),
            tolerance=TOLERANCES[variant.precision].rollout,
            status="failed",
            runtime="",
            mask_iou=(),
            mean_iou=None,
            max_abs=(),
            ms={},
            detail=detail,
        )
        return Followed(rollout, np.zeros((recorded.sequence.objects, 0, 0, 0), np.bool_))


def follow(
    variant: Variant,
    runners: Mapping[str, Runner],
    recorded: RecordedSequence,
    progress: InputProgress | None = None,
    seconds: float | None = None,
) -> Followed:
    """Compare what `runners` see in a sequence, frame by frame, with what the official algorithm saw.

    `seconds` is the time box: once it is up no further frame is begun, but `FEWEST` are followed in any case, and the
    rollout says how many. None takes the format's own, which only slow interpreters have.
    """
    format, tolerance = backend(variant.format), TOLERANCES[variant.precision].rollout
    box = format.seconds if seconds is None else seconds
    steps, frames = ArtefactSteps(runners, recorded.image_size), recorded.sequence.frames
    results = _followed(steps, recorded, box, progress)
    expected, prompted = recorded.expected["mask_logits"][:, : len(results)], recorded.prompted[:, : len(results)]
    found = by_object(results, lambda result: result.mask_logits, expected.shape)
    ious = np.array(
        [
            [mask_iou(*masks, tolerance.least_union) for masks in zip(*one, strict=True)]
            for one in zip(expected > 0, found > 0, strict=True)
        ]
    )
    differences = np.abs(expected - found).max((2, 3, 4))
    finite = np.isfinite(differences)
    # Before an object's first prompt there is nothing to compare.
    mean, few_bits = float(ious[prompted].mean()), tolerance.mean_iou is not None
    problems, off = list[str](), list[str]()
    if ious.min() < tolerance.mask_iou:
        off.append(f"the mask of {_place(ious, ious.argmin())} has an IoU of {ious.min():.4f} with PyTorch's")
    if tolerance.mean_iou is not None and mean < tolerance.mean_iou:
        off.append(f"masks have a mean IoU of {mean:.3f} with PyTorch's, and {tolerance.mean_iou:g} is asked")
    problems += [] if few_bits else off
    if not finite.all():
        problems.append(f"the mask logits of {_place(finite, finite.argmin())} are not finite")
    elif tolerance.max_abs is not None and differences.max() > tolerance.max_abs:
        worst = _place(differences, differences.argmax())
        problems.append(f"the mask logits of {worst} are off by {differences.max():.2g}")
    if recorded.says_little or covering(expected[prompted]) * 2 < prompted.sum():
        problems.append("fewer than half of the masks cover 1 to 99 % of their frame, so this proves nothing")
    left_out = frames - len(results)
    count = f"{len(results)} of {frames} frames" if left_out else f"{frames} frames"
    followed = "followed" if few_bits and off else "agree with PyTorch"
    within = f"mask IoU at least {ious.min():.4f}, logits within {differences.max():.1e}"
    cut = f"; then its {box:.0f} s were up" if left_out else ""
    rollout = Rollout(
        **asdict(variant),
        tolerance=tolerance,
        status="failed" if problems else "passed",
        runtime=steps.runtime,
        mask_iou=tuple(ious.min(0).tolist()),
        mean_iou=mean,
        max_abs=tuple(value if np.isfinite(value) else None for value in differences.max(0).tolist()),
        ms={} if format.interpreted else {graph: 1e3 * median(seconds) for graph, seconds in steps.seconds.items()},
        left_out=left_out,
        short=tuple(off) if few_bits else (),
        detail="; ".join(problems) or f"{count} {followed}: {within}{cut}.",
    )
    return Followed(rollout, found[:, :, 0] > 0)


def roll_out_bundle(
    bundle: Bundle,
    checked: Collection[tuple[Artifact, Verification]],
    progress: Progress | None = None,
    seconds: float | None = None,
) -> list[Rollout]:
    """Follow a tracker's sequence again, from disk, with every variant that ran here when its artefacts were `checked`.

    Nothing is followed with a classifier. `seconds` is the time box of each, as of `follow`. Raises `BundleError`.
    """
    manifest = bundle.manifest
    if manifest.sequence is None:
        return []
    recorded = recorded_sequence(bundle.path, manifest.sequence, manifest.model.image_size)
    rollouts = []
    for variant in manifest.variants:
        ran = [artifact for artifact, verdict in checked if artifact.variant == variant and verdict.runtime]
        if len(ran) == len(manifest.graphs) and worth_following(manifest.weights.trained, variant.precision):
            shown = following(manifest.label(variant), progress)
            with isolated() as load:
                made = partial(bundle.runners_of, variant, load=load)
                rollouts.append(roll_out(variant, made, recorded, shown, seconds).rollout)
    return rollouts


def following(label: str, progress: Progress | None) -> InputProgress | None:
    """How far a variant has followed the objects, passed on to what shows the progress of the whole."""
    if progress is None:
        return None
    return lambda done, count: progress(f"{label}: follow objects, {done + 1} of {count}", 0.98)


def _place(values: NDArray[Any], index: np.intp) -> str:
    """What a flat index into values [objects, frames] means, numbered as in the file."""
    one, frame = np.unravel_index(index, values.shape)
    return f"object {one} in frame {frame}"


def _followed(
    steps: Steps, recorded: RecordedSequence, seconds: float | None = None, progress: InputProgress | None = None
) -> list[Mapping[int, TrackResult]]:
    """The objects in all frames, or in as many as can be begun within `seconds`, but in `FEWEST` in any case."""
    frames = recorded.frames
    begun, followed = monotonic(), follow_prompted(steps, frames, recorded.prompts)
    results: list[Mapping[int, TrackResult]] = []
    while len(results) < len(frames):
        if len(results) >= FEWEST and seconds is not None and monotonic() - begun > seconds:
            break
        if progress is not None:
            progress(len(results), len(frames))
        results.append(next(followed).results)
    return results
