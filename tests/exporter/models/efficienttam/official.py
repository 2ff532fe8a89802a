"""What the authors' implementation says: keys and shapes of every model, and outputs of one; tests/data holds it."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.golden_video import make_video

DATA = Path(__file__).parents[3] / "data"
GOLDEN_MODEL, SIZE = "efficienttam_ti_512x512", 512
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

TOLERANCE = 1e-3
"""Of mask logits, whose deviation is 3.5. Other kernels move the authors' own by 3e-5, a wrong epsilon by 8e-3."""
HALF_ROUNDING = 2.0**-11
"""Relative rounding error of the goldens that are kept in float16."""


def official_models() -> dict[str, dict[str, Any]]:
    """Name -> `state_dict` {key: shape} in order, `parameters`, and `parameters_per_component`."""
    with gzip.open(DATA / "efficienttam_keys.json.gz") as file:
        models: dict[str, dict[str, Any]] = json.load(file)
    return models


@cache
def goldens() -> dict[str, NDArray[Any]]:
    """Outputs of `GOLDEN_MODEL` with seeded weights, by name."""
    with np.load(DATA / f"{GOLDEN_MODEL}_golden.npz") as arrays:
        return dict(arrays)


def normalised_video(frames: int) -> Tensor:
    """The golden video of so many frames as the model takes it: [frames, 3, 512, 512]."""
    scaled = (make_video(frames, SIZE, SIZE) / 255 - MEAN) / STD
    return torch.from_numpy(scaled.astype(np.float32)).permute(0, 3, 1, 2)


def samples(x: Tensor, channels: int = 8) -> Tensor:
    """What the goldens keep of a map [1, C, H, W]: every so many channels, every fourth row and column."""
    return x[0, ::channels, ::4, ::4]


def assert_golden(ours: Tensor, name: str, index: Any = ..., tolerance: float = TOLERANCE) -> None:
    """Our output is the golden `name`, or its part at `index`, within `tolerance` and the rounding of its storage."""
    golden = goldens()[name][index]
    rounding = HALF_ROUNDING if golden.dtype == np.float16 else 0
    np.testing.assert_allclose(ours.numpy(), golden.astype(np.float32), rtol=rounding, atol=tolerance)
