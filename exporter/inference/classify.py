"""Classify a photo with a bundle's artefacts, as an app would: resize, crop, run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device_profiles.vocabulary import Precision
from exporter.bundle import Bundle
from exporter.errors import BundleError
from exporter.graphs.tasks import CLASSIFY
from exporter.manifest import ModelEntry
from exporter.media.images import read_classifier_input
from exporter.worker.isolated import isolated

IMAGENET_CLASSES = 1000
"""A classifier with this many classes is taken for one of ImageNet-1k."""


@dataclass(frozen=True)
class Prediction:
    """One class of one format's answer."""

    index: int
    label: str | None
    """The class's name; None where nothing says it."""
    probability: float
    """That it is the one right class or, of a multi-label model, that it is right"""


def classify_photo(
    bundle: Bundle,
    photo: str | Path,
    formats: Sequence[str] | None = None,
    threads: int | None = None,
    top: int = 5,
    precisions: Sequence[Precision] | None = None,
) -> dict[str, list[Prediction]]:
    """The `top` classes of an image file, most probable first, from each variant that this machine can run.

    They are found by the variant's label in the bundle, whose artefacts run in a process of their own. With `formats`
    given, one that cannot be run raises `BackendError`. Raises `ImageError` for an unreadable file.
    """
    model = bundle.manifest.model
    if model.task == "track":
        raise BundleError(f"{bundle.path} holds {model.name}, which is no classifier.")
    image = read_classifier_input(photo, model.image_size, bundle.manifest.preprocessing)
    with isolated() as load:
        return {
            bundle.manifest.label(variant): _best(
                runners[CLASSIFY]({"image": image})["logits"][0], top, model.task == "multilabel", labels_of(model)
            )
            for variant, runners in bundle.runners(formats, threads, precisions, load)
        }


def _best(logits: NDArray[np.float32], top: int, multi_label: bool, names: Sequence[str | None]) -> list[Prediction]:
    """The `top` greatest logits [classes]; each by itself with a sigmoid, or against the others with a softmax."""
    if multi_label:
        probabilities = (1 + np.tanh(logits / 2, dtype=np.float64)) / 2  # the sigmoid, which cannot overflow so
    else:
        exponentials = np.exp(logits - logits.max(), dtype=np.float64)
        probabilities = exponentials / exponentials.sum()
    return [Prediction(int(i), names[i], float(probabilities[i])) for i in np.argsort(-logits)[:top]]


def labels_of(model: ModelEntry) -> Sequence[str | None]:
    """A classifier's classes by index, as the manifest has them or, of as many as ImageNet's, as those."""
    if len(model.classes) == model.num_classes:
        return model.classes
    imagenet = model.num_classes == IMAGENET_CLASSES and model.task != "multilabel"
    return imagenet_labels() if imagenet else [None] * (model.num_classes or 0)


@cache
def imagenet_labels() -> list[str]:
    """The 1000 class names of ImageNet-1k by index (WordNet's first lemma, as in timm's synset table)."""
    text = (resources.files("exporter") / "data" / "imagenet_labels.txt").read_text(encoding="utf-8")
    return text.splitlines()
