"""A tracker as a whole: errors compound through its memory, so agreement graph by graph is not enough.

A variant's artefacts follow the recorded sequence, and must see what the official algorithm saw in every frame.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from exporter.backends import backend
from exporter.backends.runner import InputProgress, Progress, Runner
from exporter.bundle import Bundle
from exporter.errors import describe
from exporter.inference.prompts import Prompt
from exporter.inference.steps import ArtefactSteps, Steps, TrackResult
from exporter.inference.tracker import follow_all
from exporter.manifest import Artifact, Rollout, Variant, Verification
from exporter.media.images import Pixels
from exporter.verify.parity import mask_iou
from exporter.verify.record import RecordedSequence, covering, recorded_sequence
from exporter.verify.tolerances import TOLERANCES, worth_following
from exporter.worker.isolated import isolated

FEWEST = 2
"""Frames that are followed however long they take: on the first an object is found, not followed."""


@dataclass(frozen=True)
class Followed:
    """What came of following the sequence."""

    rollout: Rollout
    masks: NDArray[np.bool_]
    """[frames, S/4, S/4]; of no frames where the artefacts do not run."""


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
            max_abs=(),
            ms={},
            detail=detail,
        )
        return Followed(rollout, np.zeros((0, 0, 0), np.bool_))


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
    given, expected, sequence = recorded.given, recorded.expected, recorded.sequence
    frames = [frame.astype(np.uint8) for frame in given["frames"]]
    prompt = Prompt.of_model_points(given["points"], given["labels"])
    steps = ArtefactSteps(runners, recorded.image_size)
    results = _followed(steps, frames, prompt, box, progress)
    reference = expected["mask_logits"][: len(results)]
    pairs = list(zip(reference, (result.mask_logits for result in results), strict=True))
    ious = [mask_iou(a > 0, b > 0) for a, b in pairs]
    differences = [float(np.abs(a - b).max()) for a, b in pairs]
    finite = [value if np.isfinite(value) else None for value in differences]
    problems = []
    if min(ious) < tolerance.mask_iou:
        problems.append(f"the mask of frame {int(np.argmin(ious))} has an IoU of {min(ious):.4f} with PyTorch's")
    if None in finite:
        problems.append(f"the mask logits of frame {finite.index(None)} are not finite")
    elif tolerance.max_abs is not None and max(differences) > tolerance.max_abs:
        problems.append(f"mask logits of frame {int(np.argmax(differences))} are off by {max(differences):.2g}")
    if sequence.covering * 2 < sequence.frames or covering(reference) * 2 < len(reference):
        problems.append("fewer than half of the masks cover 1 to 99 % of their frame, so this proves nothing")
    left_out = len(frames) - len(results)
    count = f"{len(results)} of {len(frames)} frames" if left_out else f"{len(frames)} frames"
    within = f"mask IoU at least {min(ious):.4f}, logits within {max(differences):.1e}"
    cut = f"; then its {box:.0f} s were up" if left_out else ""
    rollout = Rollout(
        **asdict(variant),
        tolerance=tolerance,
        status="failed" if problems else "passed",
        runtime=steps.runtime,
        mask_iou=tuple(ious),
        max_abs=tuple(finite),
        ms={} if format.interpreted else {graph: 1e3 * median(seconds) for graph, seconds in steps.seconds.items()},
        left_out=left_out,
        detail="; ".join(problems) or f"{count} agree with PyTorch: {within}{cut}.",
    )
    return Followed(rollout, np.stack([result.mask_logits[0] > 0 for result in results]))


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
    """How far a variant has followed the object, passed on to what shows the progress of the whole."""
    if progress is None:
        return None
    return lambda done, count: progress(f"{label}: follow an object, {done + 1} of {count}", 0.98)


def _followed(
    steps: Steps,
    frames: list[Pixels],
    prompt: Prompt,
    seconds: float | None = None,
    progress: InputProgress | None = None,
) -> list[TrackResult]:
    """Of all frames, or of as many as can be begun within `seconds`, but `FEWEST` in any case."""
    begun, followed = monotonic(), follow_all(steps, frames, [prompt])
    results: list[TrackResult] = []
    while len(results) < len(frames):
        if len(results) >= FEWEST and seconds is not None and monotonic() - begun > seconds:
            break
        if progress is not None:
            progress(len(results), len(frames))
        results.append(next(followed).results[0])
    return results
