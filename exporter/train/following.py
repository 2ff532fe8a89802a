"""A tracker on a clip with a known object: the masks that it finds there."""

from __future__ import annotations

from typing import Any

import numpy as np

from exporter.inference.tracker import open_tracker
from exporter.train.prompts import centre_click
from exporter.train.quality import Quality, quality
from exporter.train.scenes.held_out import HeldOut


def followed(source: Any, clip: HeldOut, format: str | None = None, from_mask: bool = False) -> np.ndarray:
    """The masks [T, S, S] of a model or bundle, from one click in the object's middle or from its true mask."""
    tracker = open_tracker(source, format=format)
    frames = clip.clip.frames
    if from_mask:
        first = tracker.prompt(frames[0], mask=clip.masks[0])
    else:
        first = tracker.prompt(frames[0], points=[centre_click(clip.masks[0])], labels=[1])
    results = [first, *(tracker.track(frame) for frame in frames[1:])]
    return np.array([result.mask(*frames.shape[1:3]) for result in results])


def quality_on(source: Any, clip: HeldOut) -> Quality:
    """From one click."""
    return quality(followed(source, clip), clip.masks)
