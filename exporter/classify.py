"""Classify a photo with a bundle's artefacts, as an app would: resize, crop, run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from exporter.bundle import Bundle
from exporter.errors import BundleError
from exporter.images import classifier_input, read_photo

IMAGENET_CLASSES = 1000
"""A classifier with this many classes is taken for one of ImageNet-1k."""


@dataclass(frozen=True)
class Prediction:
    """One class of one format's answer."""

    index: int
    label: str | None
    """ImageNet name; None for models with other classes."""
    probability: float


def classify_photo(
    bundle: Bundle, photo: str | Path, formats: list[str] | None = None, threads: int | None = None, top: int = 5
) -> dict[str, list[Prediction]]:
    """The `top` classes of an image file, most probable first, from each format that this machine can run.

    With `formats` given, one that cannot be run raises `BackendError`. Raises `ImageError` for an unreadable file.
    """
    model = bundle.manifest.model
    if bundle.manifest.task != "classify":
        raise BundleError(f"{bundle.path} holds {model.name}, which is no classifier.")
    image = classifier_input(read_photo(photo), model.image_size, bundle.manifest.preprocessing)
    return {
        format: _best(runners["classify"]({"image": image})["logits"][0], top)
        for format, runners in bundle.runners(formats, threads)
    }


def _best(logits: np.ndarray, top: int) -> list[Prediction]:
    exponentials = np.exp(logits - logits.max(), dtype=np.float64)
    probabilities = exponentials / exponentials.sum()
    names = imagenet_labels() if len(logits) == IMAGENET_CLASSES else [None] * len(logits)
    return [Prediction(int(i), names[i], float(probabilities[i])) for i in np.argsort(-logits)[:top]]


@cache
def imagenet_labels() -> list[str]:
    """The 1000 class names of ImageNet-1k by index (WordNet's first lemma, as in timm's synset table)."""
    text = (resources.files("exporter") / "data" / "imagenet_labels.txt").read_text(encoding="utf-8")
    return text.splitlines()
