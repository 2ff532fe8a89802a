"""Photographs that come with scikit-image and scikit-learn, free to use; some are kept for testing only.

Of scikit-image's, coins and ihc have no known copyright restrictions, the others are in the public domain or CC0;
scikit-learn's two are CC BY 2.0, by danielbuechele (china) and vultilion (flower). What else scikit-image has, such as
a stereo pair, comes without a word on its licence.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

FOR_TRAINING = (
    "astronaut.png", "brick.png", "camera.png", "clock_motion.png", "coffee.png", "coins.png", "flower.jpg",
    "grass.png", "hubble_deep_field.jpg", "ihc.png", "moon.png", "retina.jpg", "rocket.jpg",
)  # fmt: skip
HELD_OUT = ("chelsea.png", "china.jpg", "gravel.png")

_LONGEST = 640
"""Pixels of the longer side that a photograph is reduced to."""


@cache
def photograph(name: str) -> np.ndarray:
    """RGB [H, W, 3], uint8, of at most 640 pixels a side."""
    places = (_package("skimage") / "data" / name, _package("sklearn") / "datasets" / "images" / name)
    picture = np.asarray(Image.open(next(path for path in places if path.exists())).convert("RGB"))
    scale = min(1.0, _LONGEST / max(picture.shape))
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _package(name: str) -> Path:
    """The folder of a package, located without importing it, which takes a second."""
    spec = find_spec(name)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(f"The photographs of scenes are in {name}: pip install 'vitexport[train]'.")
    return Path(spec.submodule_search_locations[0])
