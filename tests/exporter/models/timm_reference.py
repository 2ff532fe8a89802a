"""What timm says of every model: keys, shapes, figures and golden outputs; tests/data holds it, no timm is needed."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from exporter.models.classifier import Classifier
from exporter.models.efficientformer_v2 import DAMPED, DAMPING
from exporter.models.registry import Family
from exporter.models.weights.loading import seed_weights

DATA = Path(__file__).parents[2] / "data"


def reference_models() -> dict[str, dict[str, Any]]:
    """Name -> timm's `state_dict` {key: shape}, `params`, preprocessing and, of EfficientFormers, `official` naming."""
    with gzip.open(DATA / "classifier_keys.json.gz") as file:
        models: dict[str, dict[str, Any]] = json.load(file)["models"]
    return models


def fill_as_for_the_goldens(model: Classifier) -> None:
    """Seeded weights without the damping, which came later; it is a power of two, so that this undoes it exactly."""
    seed_weights(model)
    for key, value in model.state_dict().items():
        if re.search(DAMPED, key):
            value /= DAMPING


def golden_outputs(name: str) -> dict[str, np.ndarray]:
    """`logits`, `pooled` and `stageI_mean` of the two golden pictures, from timm with `fill_as_for_the_goldens`."""
    with np.load(DATA / "classifier_goldens.npz") as arrays:
        return {key.partition("/")[2]: arrays[key] for key in arrays if key.startswith(f"{name}/")}


def golden_pictures(family: Family) -> Tensor:
    """The two golden pictures [2, 3, S, S], normalised for the family."""
    pictures = [Image.open(DATA / f"golden_{family.image_size}_{index}.png") for index in range(2)]
    rgb = torch.from_numpy(np.stack([np.asarray(picture) for picture in pictures])).permute(0, 3, 1, 2)
    mean, std = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (family.mean, family.std))
    return (rgb / 255 - mean) / std
