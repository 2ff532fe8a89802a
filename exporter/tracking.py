"""Following objects through a video: with the artefacts of a bundle, as an app does, or with a model in PyTorch.

What a tracker remembers is a value that goes in and out of each step, so that objects can share a frame's features.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from exporter.bundle import Bundle
from exporter.errors import BundleError, ImageError, PromptError
from exporter.images import Pixels
from exporter.point_labels import ABSENT, MOST_POINTS
from exporter.prompts import Prompt, model_frame, model_mask

if TYPE_CHECKING:
    from exporter.backends import Runner
    from exporter.models.efficienttam import EfficientTAM

Array = NDArray[np.float32]


@dataclass(frozen=True)
class TrackResult:
    """One object in one frame."""

    mask_logits: Array
    """[1, S/4, S/4]; positive on the object"""
    iou: float
    """How well the model thinks that the mask fits, 0–1"""
    object_score: float
    """Positive where the object is in sight"""

    def mask(self, height: int, width: int) -> NDArray[np.bool_]:
        """The object's pixels [height, width] in a frame of that size."""
        import torch
        import torch.nn.functional as F

        logits = F.interpolate(torch.from_numpy(self.mask_logits)[None], (height, width), mode="bilinear")
        return (logits[0, 0] > 0).numpy()


class Steps(Protocol):
    """The steps of a tracker. What `State` is only they know."""

    image_size: int

    def encode(self, image: Array) -> Any:
        """RGB 0–255 [1, 3, S, S] -> features"""

    def prompt_points(self, features: Any, points: Array, labels: Array) -> tuple[TrackResult, Any]:
        """Points [1, P, 2] in pixels of the image with labels [1, P] -> the object there, and the state after it"""

    def prompt_mask(self, features: Any, mask: Array) -> tuple[TrackResult, Any]:
        """Zeros and ones [1, 1, S, S] -> the object there, and the state after it"""

    def follow(self, features: Any, state: Any) -> tuple[TrackResult, Any]:
        """The object in the next frame, and the state after it"""


class ArtefactSteps:
    """The steps as artefacts of one format."""

    def __init__(self, runners: Mapping[str, Runner], image_size: int) -> None:
        self.runners = runners
        self.image_size = image_size
        self.runtime = next(iter(runners.values())).runtime
        self.seconds: dict[str, list[float]] = defaultdict(list)
        """Graph -> what each of its runs took"""

    def encode(self, image: Array) -> Array:
        return self._run("encode_image", {"image": image})["features"]

    def prompt_points(self, features: Array, points: Array, labels: Array) -> tuple[TrackResult, Any]:
        missing = MOST_POINTS - points.shape[1]
        points = np.pad(points, ((0, 0), (0, missing), (0, 0)))
        labels = np.pad(labels, ((0, 0), (0, missing)), constant_values=ABSENT)
        return self._step("prompt_points", "track_first", features=features, points=points, labels=labels)

    def prompt_mask(self, features: Array, mask: Array) -> tuple[TrackResult, Any]:
        return self._step("prompt_mask", "track_first", features=features, mask=mask)

    def follow(self, features: Array, state: tuple[str, dict[str, Array]]) -> tuple[TrackResult, Any]:
        graph, remembered = state
        return self._step(graph, "track_step", features=features, **remembered)

    def _step(self, graph: str, following: str, **inputs: Array) -> tuple[TrackResult, tuple[str, dict[str, Array]]]:
        """Run a graph; the state is the name of the graph that comes next, and what goes into it."""
        outputs = self._run(graph, inputs)
        state = {name.removeprefix("next_"): value for name, value in outputs.items() if name.startswith("next_")}
        result = TrackResult(
            outputs["mask_logits"][0], float(outputs["iou"][0, 0]), float(outputs["object_score"][0, 0])
        )
        return result, (following if following in self.runners else "track_step", state)

    def _run(self, graph: str, inputs: dict[str, Array]) -> dict[str, Array]:
        start = time.perf_counter()
        outputs = self.runners[graph](inputs)
        self.seconds[graph].append(time.perf_counter() - start)
        return outputs


class ReferenceSteps:
    """The steps as the official algorithm in eager PyTorch, with a memory of variable length."""

    def __init__(self, model: EfficientTAM) -> None:
        import torch

        from exporter.graphs.normalisation import Normalisation
        from exporter.models.registry import IMAGENET_MEAN, IMAGENET_STD

        self.model = model
        self.image_size = model.image_size
        self._normalise = Normalisation(IMAGENET_MEAN, IMAGENET_STD)
        self._tensor = torch.from_numpy

    def encode(self, image: Array) -> Any:
        import torch

        with torch.inference_mode():
            return self.model(self._normalise(self._tensor(image)))

    def prompt_points(self, features: Any, points: Array, labels: Array) -> tuple[TrackResult, Any]:
        from exporter.models.efficienttam.reference import PointPrompt

        return self._start(features, PointPrompt(self._tensor(points), self._tensor(labels)))

    def prompt_mask(self, features: Any, mask: Array) -> tuple[TrackResult, Any]:
        from exporter.models.efficienttam.reference import MaskPrompt

        return self._start(features, MaskPrompt(self._tensor(mask)))

    def follow(self, features: Any, state: Any) -> tuple[TrackResult, Any]:
        import torch

        from exporter.models.efficienttam.reference import track

        frame, memory = state
        with torch.inference_mode():
            seen, memory = track(self.model, features, frame, memory)
        return _result(seen), (frame + 1, memory)

    def _start(self, features: Any, given: Any) -> tuple[TrackResult, Any]:
        import torch

        from exporter.models.efficienttam.reference import Memory, prompt

        with torch.inference_mode():
            remembered = prompt(self.model, features, given)
        return _result(remembered.sighting), (1, Memory({0: remembered}))


def _result(sighting: Any) -> TrackResult:
    return TrackResult(sighting.mask_logits[0].numpy(), float(sighting.iou), float(sighting.object_score))


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


def open_tracker(source: Any, format: str | None = None, threads: int | None = None) -> Tracker:
    """A tracker with the artefacts of a bundle, or its path, or, from a model, the streaming reference in PyTorch.

    `format` None takes the first of the bundle's that runs here. Raises `BundleError` and `BackendError`.
    """
    if isinstance(source, str) or hasattr(source, "__fspath__"):
        source = Bundle.open(source)
    if not isinstance(source, Bundle):
        return Tracker(ReferenceSteps(source))
    _, steps = next(artefact_steps(source, [format] if format else None, threads))
    return Tracker(steps)


def artefact_steps(
    bundle: Bundle, formats: Sequence[str] | None = None, threads: int | None = None
) -> Iterator[tuple[str, ArtefactSteps]]:
    """(format, its artefacts as steps) of a tracker's bundle, as `Bundle.runners`; raises `BundleError` besides."""
    if bundle.manifest.task != "track":
        raise BundleError(f"{bundle.path} holds {bundle.manifest.model.name}, which is no tracker.")
    for format, runners in bundle.runners(formats, threads):
        yield format, ArtefactSteps(runners, bundle.manifest.model.image_size)


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
    return {number: _result(sighting) for number, sighting in seen.items()}


@dataclass(frozen=True)
class FollowedFrame:
    """A frame, and every object that is followed in it."""

    number: int
    pixels: Pixels
    results: tuple[TrackResult, ...]
    seconds: float
    """What resizing the frame and running the steps took"""


def follow_all(
    steps: Steps, frames: Iterable[Pixels], prompts: Sequence[Prompt], first: int = 0
) -> Iterator[FollowedFrame]:
    """Each frame from number `first` on, with an object for each prompt; they share the frame's features."""
    states: list[Any] = []
    for number, frame in enumerate(frames):
        if number < first:
            continue
        before = time.perf_counter()
        features = steps.encode(model_frame(frame, steps.image_size))
        if states:
            stepped = [steps.follow(features, state) for state in states]
        else:
            stepped = [start(steps, frame, prompt, features) for prompt in prompts]
        states = [state for _, state in stepped]
        yield FollowedFrame(number, frame, tuple(result for result, _ in stepped), time.perf_counter() - before)
