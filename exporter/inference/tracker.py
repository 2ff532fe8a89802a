"""Following objects through a video: with the artefacts of a bundle, as an app does, or with a model in PyTorch."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from device_profiles.vocabulary import Precision
from exporter.backends.loading import LoadArtifact, load_checked
from exporter.bundle import Bundle
from exporter.errors import BundleError, ImageError, PromptError
from exporter.inference.prompts import Prompt, model_frame, model_mask
from exporter.inference.steps import ArtefactSteps, ReferenceSteps, Steps, TrackResult, reference_result
from exporter.manifest import Variant
from exporter.media.images import Pixels

if TYPE_CHECKING:
    from exporter.models.efficienttam import EfficientTAM


@dataclass
class Tracker:
    """Follows one object from a prompt on. A new prompt starts it anew; to refine one, give all its points again."""

    steps: Steps
    _state: Any = field(default=None, init=False)

    def prompt(
        self,
        frame: Pixels,
        points: Sequence[Sequence[float]] = (),
        labels: Sequence[int] = (),
        box: Sequence[float] | None = None,
        mask: NDArray[np.bool_] | None = None,
    ) -> TrackResult:
        """Start with a frame [H, W, 3] and where the object is in it, in its pixels; raises `PromptError`."""
        result, self._state = start(self.steps, frame, Prompt(points, labels, box, mask))
        return result

    def track(self, frame: Pixels) -> TrackResult:
        """The object in the next frame [H, W, 3]; raises `PromptError` before any prompt."""
        if self._state is None:
            raise PromptError("There is nothing to track yet: call prompt() on the first frame.")
        _check_frame(frame)
        features = self.steps.encode(model_frame(frame, self.steps.image_size))
        result, self._state = self.steps.follow(features, self._state)
        return result


def start(steps: Steps, frame: Pixels, prompt: Prompt, features: Any = None) -> tuple[TrackResult, Any]:
    """The prompted object in a frame [H, W, 3], and the state after it; raises `PromptError`.

    `features` are the frame's, where they are known already.
    """
    _check_frame(frame)
    height, width = frame.shape[:2]
    prompt.check(width, height)
    if features is None:
        features = steps.encode(model_frame(frame, steps.image_size))
    if prompt.mask is not None:
        return steps.prompt_mask(features, model_mask(prompt.mask, steps.image_size))
    return steps.prompt_points(features, *prompt.model_points(width, height, steps.image_size))


def _check_frame(frame: Any) -> None:
    """Raise `ImageError` for what is no frame."""
    found = f"{getattr(frame, 'dtype', type(frame).__name__)} {getattr(frame, 'shape', '')}".strip()
    if not (isinstance(frame, np.ndarray) and frame.dtype == np.uint8 and frame.ndim == 3 and frame.shape[2] == 3):
        raise ImageError(f"A frame is an RGB array of uint8, [height, width, 3], not {found}.")


def open_tracker(
    source: Any, format: str | None = None, threads: int | None = None, precision: Precision | None = None
) -> Tracker:
    """A tracker with the artefacts of a bundle, or its path, or, from a model, the streaming reference in PyTorch.

    `format` and `precision` None take the first of the bundle's that runs here. Raises `BundleError` and
    `BackendError`.
    """
    if isinstance(source, str) or hasattr(source, "__fspath__"):
        source = Bundle.open(source)
    if not isinstance(source, Bundle):
        return Tracker(ReferenceSteps(source))
    _, steps = next(artefact_steps(source, [format] if format else None, threads, [precision] if precision else None))
    return Tracker(steps)


def artefact_steps(
    bundle: Bundle,
    formats: Sequence[str] | None = None,
    threads: int | None = None,
    precisions: Sequence[Precision] | None = None,
    load: LoadArtifact = load_checked,
) -> Iterator[tuple[Variant, ArtefactSteps]]:
    """(variant, its artefacts as steps) of a tracker's bundle, as `Bundle.runners`; raises `BundleError` besides."""
    if bundle.manifest.model.task != "track":
        raise BundleError(f"{bundle.path} holds {bundle.manifest.model.name}, which is no tracker.")
    for variant, runners in bundle.runners(formats, threads, precisions, load):
        yield variant, ArtefactSteps(runners, bundle.manifest.model.image_size)


def track_video(
    model: EfficientTAM, frames: Sequence[Pixels], prompts: Mapping[int, Prompt | dict[str, Any]]
) -> dict[int, TrackResult]:
    """The whole official algorithm in eager PyTorch: several prompted frames, also future ones.

    Frames are RGB [H, W, 3], all of one size; `prompts` by frame number, in pixels of the frames. Returns the results
    from the first prompted frame on, by frame number. Raises `PromptError`.
    """
    import torch

    from exporter.models.efficienttam.reference import MaskPrompt, PointPrompt, track_all

    if not prompts or not all(0 <= number < len(frames) for number in prompts):
        raise PromptError(f"Prompts belong to frames of the video, of which there are {len(frames)}: give one.")
    steps = ReferenceSteps(model)
    given: dict[int, PointPrompt | MaskPrompt] = {}
    for number, one in prompts.items():
        prompt, (height, width) = Prompt.of(one), frames[number].shape[:2]
        prompt.check(width, height)
        if prompt.mask is not None:
            given[number] = MaskPrompt(torch.from_numpy(model_mask(prompt.mask, model.image_size)))
        else:
            points, labels = prompt.model_points(width, height, model.image_size)
            given[number] = PointPrompt(torch.from_numpy(points), torch.from_numpy(labels))

    def features_of(number: int) -> torch.Tensor:
        features: torch.Tensor = steps.encode(model_frame(frames[number], model.image_size))
        return features

    with torch.inference_mode():
        seen = track_all(model, features_of, len(frames), given)
    return {number: reference_result(prediction) for number, prediction in seen.items()}


@dataclass(frozen=True)
class FollowedFrame:
    """What is followed in a frame."""

    results: Mapping[int, TrackResult]
    """Of each object that was prompted up to here, by its number"""
    states: Mapping[int, Any]
    """What is remembered of each after the frame, as the steps have it"""
    features: Any
    """The frame's, as the steps have them"""
    seconds: float
    """What resizing the frame and running the steps took"""


def follow_all(steps: Steps, frames: Iterable[Pixels], prompts: Sequence[Prompt]) -> Iterator[FollowedFrame]:
    """Of each frame, an object for each prompt, which is one of the first frame; they share the frame's features."""
    return follow_prompted(steps, frames, {0: dict(enumerate(prompts))})


def follow_prompted(
    steps: Steps, frames: Iterable[Pixels], prompts: Mapping[int, Mapping[int, Prompt]]
) -> Iterator[FollowedFrame]:
    """Of each frame, every object that was prompted up to it; they share the frame's features.

    `prompts` are frame number -> object -> its prompt. An object that is prompted once more starts anew: what was
    remembered of it is forgotten, and the prompt's result is its result in that frame. The others are followed.
    """
    states: dict[int, Any] = {}
    for number, frame in enumerate(frames):
        before = time.perf_counter()
        features = steps.encode(model_frame(frame, steps.image_size))
        prompted = prompts.get(number, {})
        stepped = {one: steps.follow(features, state) for one, state in states.items() if one not in prompted}
        stepped |= {one: start(steps, frame, prompt, features) for one, prompt in prompted.items()}
        results = {one: result for one, (result, _) in sorted(stepped.items())}
        states = {one: state for one, (_, state) in stepped.items()}
        yield FollowedFrame(results, states, features, time.perf_counter() - before)
