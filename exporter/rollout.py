"""A tracker as a whole: errors compound through its memory, so agreement graph by graph is not enough.

A sequence of frames goes through the official algorithm in PyTorch once, and through every format's artefacts; both
must see the same object in every frame.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exporter.backends import backend
from exporter.bundle import Bundle, digest, read_vectors, write_vectors
from exporter.errors import BundleError, describe
from exporter.images import Pixels
from exporter.manifest import Artifact, Precision, Rollout, RolloutTolerance, Sequence, Verification
from exporter.prompts import Prompt, model_frame, model_mask
from exporter.sample_clip import sample_click, sample_clip
from exporter.tracking import ArtefactSteps, ReferenceSteps, Steps, TrackResult, follow_all, start
from exporter.verify import Arrays, Progress, mask_iou

if TYPE_CHECKING:
    from exporter.backends import Runner
    from exporter.graphs.capture import Graph
    from exporter.models.efficienttam import EfficientTAM

FRAMES = 24
"""The pointer bank first drops one at frame 17, the memory at frame 8."""
FEWEST = 2
"""Frames that are followed however long they take: on the first an object is found, not followed."""
FILE = "vectors/sequence.safetensors"
TOLERANCES: dict[Precision, RolloutTolerance] = {
    "fp32": RolloutTolerance(mask_iou=0.999, max_abs=1e-2),
    "fp16": RolloutTolerance(mask_iou=0.98, max_abs=None),
}
COVERING = (0.01, 0.99)
"""Share of a frame that a mask covers if it says anything."""

_KEPT = {"encode_image": (0, FRAMES // 2), "track_first": (0,), "track_step": (0, 1, 6, FRAMES - 3)}
"""Graph -> which of its runs on the sequence become its conformance vectors: memories of different fullness."""
_CANDIDATES = range(0, FRAMES, 3)
"""Frames to prompt on, of which the one with the most decided mask is kept."""
_CLICKS = 128
"""Points on the first frame, of which those are tried that have the most decided mask"""
_TRIED, _STEADY = 8, 0.985
"""How many, and the least IoU from which on rounding upsets a sequence too little to look further"""


class EagerRunner:
    """A graph's eager module as a runner that keeps some of its runs; with `kept` None all of them."""

    runtime = "PyTorch"

    def __init__(self, graph: Graph, kept: Collection[int] | None) -> None:
        self._graph, self._kept, self._count = graph, kept, 0
        self.inputs: list[Arrays] = []
        self.outputs: list[Arrays] = []

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> Arrays:
        import torch

        with torch.inference_mode():
            results = self._graph.module(**{name: torch.from_numpy(value) for name, value in inputs.items()})
        outputs = {name: value.numpy() for name, value in results.items()}
        if self._kept is None or self._count in self._kept:
            self.inputs.append(dict(inputs))
            self.outputs.append(outputs)
        self._count += 1
        return outputs


def record(
    graphs: tuple[Graph, ...], model: EfficientTAM, folder: Path
) -> tuple[dict[str, tuple[Arrays, Arrays]], Sequence]:
    """Run the eager graphs and the official algorithm on a sequence; write and return what they made of it.

    Returns inputs and outputs of some runs of each graph, stacked along a new first axis.
    """
    size = model.image_size
    frames, masks = sample_clip(FRAMES, size, size)
    trial = _Trial(graphs, frames, size)
    clicks = sorted((_at(point) for point in _points_on(masks[0])), key=lambda prompt: trial.doubt(0, prompt))
    click = _steadiest(model, frames, clicks[:_TRIED])
    followed = {graph.name: EagerRunner(graph, _KEPT.get(graph.name, ())) for graph in graphs}
    for _ in follow_all(ArtefactSteps(followed, size), frames, [click]):
        pass
    prompted = {graph.name: EagerRunner(graph, None) for graph in graphs if graph.name.startswith("prompt_")}
    _prompt(ArtefactSteps(prompted, size), trial, masks)
    recorded = {}
    for graph in graphs:
        runner = (prompted if graph.name in prompted else followed)[graph.name]
        inputs, outputs = (
            {key: np.stack([run[key] for run in runs]) for key in runs[0]} for runs in (runner.inputs, runner.outputs)
        )
        pictures = {key: value.astype(np.uint8) if key == "image" else value for key, value in inputs.items()}
        write_vectors(folder / f"vectors/{graph.name}.safetensors", pictures, outputs)
        recorded[graph.name] = inputs, outputs
    return recorded, _write_sequence(folder, frames, click, model)


class _Trial:
    """How much doubt a prompt leaves.

    A prompted frame is remembered by the sign of its mask, pixel by pixel. One pixel at the edge of zero changes sign
    with the last bit of a float, and the memory visibly; so prompts are chosen that leave the least doubt.
    """

    def __init__(self, graphs: tuple[Graph, ...], frames: list[Pixels], size: int) -> None:
        self.frames = frames
        self._steps = ArtefactSteps({graph.name: EagerRunner(graph, ()) for graph in graphs}, size)
        self.features = {number: self._steps.encode(model_frame(frames[number], size)) for number in _CANDIDATES}

    def doubt(self, number: int, prompt: Prompt) -> float:
        """Of a prompt on one of the candidate frames; less is better."""
        result, _ = start(self._steps, self.frames[number], prompt, self.features[number])
        return -least_logit(result.mask_logits, self._steps.image_size)


def _steadiest(model: EfficientTAM, frames: list[Pixels], clicks: list[Prompt]) -> Prompt:
    """The click after which the official algorithm sees most alike with its weights rounded to half precision.

    From some clicks on untrained weights make chaos of any rounding: that would measure chaos, and no artefact.
    """
    rounded = copy.deepcopy(model)
    for tensor in rounded.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(tensor.half())
    steps = ReferenceSteps(model), ReferenceSteps(rounded)
    features = [[one.encode(model_frame(frame, model.image_size)) for frame in frames] for one in steps]
    best, most = clicks[0], -1.0
    for click in clicks:
        exact, half = (_masks(one, frames[0], click, known) for one, known in zip(steps, features, strict=True))
        least = 1.0
        for a, b in zip(exact, half, strict=True):
            least = min(least, mask_iou(a, b))
            if least <= most:
                break
        else:
            best, most = click, least
        if most >= _STEADY:
            break
    return best


def _masks(steps: Steps, frame: Pixels, prompt: Prompt, features: list[Any]) -> Iterator[NDArray[np.bool_]]:
    """What a prompt on the first frame becomes in all of them, of which the features are known."""
    result, state = start(steps, frame, prompt, features[0])
    yield result.mask_logits > 0
    for known in features[1:]:
        result, state = steps.follow(known, state)
        yield result.mask_logits > 0


def _prompt(steps: ArtefactSteps, trial: _Trial, masks: NDArray[np.bool_]) -> None:
    """Prompt with a point, a box, several points, a mask and an empty mask; each on the frame that suits it best."""
    for kind in (_point, _box, _points):
        number = min(_CANDIDATES, key=lambda number: trial.doubt(number, kind(masks[number])))
        start(steps, trial.frames[number], kind(masks[number]), trial.features[number])
    for mask in (masks[0], np.zeros_like(masks[0])):
        steps.prompt_mask(trial.features[0], model_mask(mask, steps.image_size))


def _points_on(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """x and y of pixels all over a mask."""
    y, x = np.nonzero(mask)
    places = np.linspace(0, len(x) - 1, _CLICKS).astype(int)
    return [(int(x[place]), int(y[place])) for place in places]


def _at(point: tuple[int, int]) -> Prompt:
    return Prompt(points=[point], labels=[1])


def _point(mask: NDArray[np.bool_]) -> Prompt:
    return _at(sample_click(mask[None]))


def _box(mask: NDArray[np.bool_]) -> Prompt:
    rows, columns = np.nonzero(mask)
    return Prompt(box=[float(edge) for edge in (columns.min(), rows.min(), columns.max(), rows.max())])


def _points(mask: NDArray[np.bool_]) -> Prompt:
    """As many as the graph takes: a corner of the picture that is background, the object, and its box."""
    return Prompt(points=[(1, 1), *_point(mask).points], labels=[0, 1], box=_box(mask).box)


def least_logit(mask_logits: NDArray[np.float32], size: int) -> float:
    """How near to zero a mask's logits [1, S/4, S/4] come once they are enlarged to size x size."""
    import torch
    import torch.nn.functional as F

    return float(F.interpolate(torch.from_numpy(mask_logits)[None], (size, size), mode="bilinear").abs().min())


def _write_sequence(folder: Path, frames: list[Pixels], prompt: Prompt, model: EfficientTAM) -> Sequence:
    points, labels = prompt.model_points(model.image_size, model.image_size, model.image_size)
    results = _results(ReferenceSteps(model), frames, prompt)
    logits = np.stack([result.mask_logits for result in results])
    write_vectors(
        folder / FILE,
        {"frames": np.stack(frames), "points": points, "labels": labels},
        {
            "mask_logits": logits,
            "iou": np.array([result.iou for result in results], np.float32),
            "object_score": np.array([result.object_score for result in results], np.float32),
        },
    )
    return Sequence(
        file=FILE,
        sha256=digest(folder / FILE),
        frames=len(frames),
        covering=_covering(logits),
    )


def _covering(logits: NDArray[np.float32]) -> int:
    """How many of the masks cover a share of their frame that says anything."""
    covered = (logits > 0).mean((1, 2, 3))
    return int(((covered >= COVERING[0]) & (covered <= COVERING[1])).sum())


@dataclass(frozen=True)
class Followed:
    """What came of following the sequence."""

    rollout: Rollout
    masks: NDArray[np.bool_]
    """[frames, S/4, S/4]; of no frames where the artefacts do not run."""


def roll_out(
    format: str,
    precision: Precision,
    files: Mapping[str, Path],
    image_size: int,
    sequence: Sequence,
    folder: Path,
    progress: Progress | None = None,
) -> Followed:
    """Follow the sequence of the bundle in `folder` with one format's artefacts, from disk, and compare every frame.

    `files` by graph. An artefact that its runtime refuses fails the rollout.
    """
    try:
        return follow(
            format,
            precision,
            {graph: backend(format).load(file) for graph, file in files.items()},
            image_size,
            sequence,
            read_vectors(folder / sequence.file),
            progress,
        )
    except BundleError:
        raise
    except Exception as error:  # whatever a runtime throws
        detail = f"The artefacts do not run ({describe(error)})"
        rollout = Rollout(
            format=format,
            precision=precision,
            tolerance=TOLERANCES[precision],
            status="failed",
            runtime="",
            mask_iou=(),
            max_abs=(),
            ms={},
            detail=detail,
        )
        return Followed(rollout, np.zeros((0, 0, 0), np.bool_))


def follow(
    format: str,
    precision: Precision,
    runners: Mapping[str, Runner],
    image_size: int,
    sequence: Sequence,
    vectors: tuple[Arrays, Arrays],
    progress: Progress | None = None,
) -> Followed:
    """Compare what `runners` see in the sequence, frame by frame, with what the official algorithm saw.

    A format in a time box goes as far as it comes, and the rollout says how far that is.
    """
    given, expected = vectors
    tolerance, box = TOLERANCES[precision], backend(format).SECONDS
    frames = [frame.astype(np.uint8) for frame in given["frames"]]
    prompt = Prompt(points=given["points"][0].tolist(), labels=[int(label) for label in given["labels"][0]])
    steps = ArtefactSteps(runners, image_size)
    results = _results(steps, frames, prompt, box, progress)
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
    if sequence.covering * 2 < sequence.frames or _covering(reference) * 2 < len(reference):
        problems.append("fewer than half of the masks cover 1 to 99 % of their frame, so this proves nothing")
    left_out = len(frames) - len(results)
    count = f"{len(results)} of {len(frames)} frames" if left_out else f"{len(frames)} frames"
    within = f"mask IoU at least {min(ious):.4f}, logits within {max(differences):.1e}"
    cut = f"; then its {box:.0f} s were up" if left_out else ""
    rollout = Rollout(
        format=format,
        precision=precision,
        tolerance=tolerance,
        status="failed" if problems else "passed",
        runtime=steps.runtime,
        mask_iou=tuple(ious),
        max_abs=tuple(finite),
        ms={}
        if backend(format).INTERPRETED
        else {graph: 1e3 * median(seconds) for graph, seconds in steps.seconds.items()},
        left_out=left_out,
        detail="; ".join(problems) or f"{count} agree with PyTorch: {within}{cut}.",
    )
    return Followed(rollout, np.stack([result.mask_logits[0] > 0 for result in results]))


def roll_out_bundle(
    bundle: Bundle,
    checked: Collection[tuple[Artifact, Verification]],
    progress: Callable[[str, float], None] | None = None,
) -> list[Rollout]:
    """Follow a tracker's sequence again, from disk, with every format that ran here when its artefacts were `checked`.

    Nothing for a classifier. Raises `BundleError`.
    """
    manifest = bundle.manifest
    if manifest.sequence is None:
        return []
    rollouts = []
    for format in manifest.formats:
        ran = [artifact for artifact, verdict in checked if artifact.format == format and verdict.runtime]
        if len(ran) == len(manifest.graphs):
            files = {artifact.graph: bundle.path / artifact.file for artifact in ran}
            size, precision = manifest.model.image_size, ran[0].precision
            followed = roll_out(format, precision, files, size, manifest.sequence, bundle.path, shown(format, progress))
            rollouts.append(followed.rollout)
    return rollouts


def shown(format: str, progress: Callable[[str, float], None] | None) -> Progress | None:
    """How far a format has followed the object, put to what shows the progress of the whole."""
    if progress is None:
        return None
    return lambda done, count: progress(f"{format}: follow an object, {done + 1} of {count}", 0.98)


def _results(
    steps: Steps,
    frames: list[Pixels],
    prompt: Prompt,
    seconds: float | None = None,
    progress: Progress | None = None,
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
