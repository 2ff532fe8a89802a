"""Pictures as models take them, and those that artefacts are verified on."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from exporter.errors import ImageError
from exporter.manifest import Preprocessing
from exporter.media.photos.reading import middle, read_photo

Pixels = NDArray[np.uint8]

SYNTHETIC, NATURAL = 4, 12
"""How many of each kind of picture a graph is verified on."""

_SAMPLES = ("china.jpg", "flower.jpg")
_FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


def read_classifier_input(path: str | Path, size: int, preprocessing: Preprocessing) -> NDArray[np.float32]:
    """`classifier_input` of an image file, of whose pixels only as many are decoded as it takes."""
    shorter = _shorter_side(size, preprocessing)
    photo = read_photo(path, shorter, _FILTERS[preprocessing.interpolation])
    return classifier_input(photo, size, preprocessing)


def classifier_input(photo: Image.Image, size: int, preprocessing: Preprocessing) -> NDArray[np.float32]:
    """RGB 0–255 [1, 3, size, size]: the shorter side resized to size / crop_pct, then the centre crop.

    Raises `ImageError` for a tracker's preprocessing, which has no crop.
    """
    shorter = _shorter_side(size, preprocessing)
    photo = middle(photo)
    resized = photo.resize(
        [shorter * side // min(photo.size) for side in photo.size], _FILTERS[preprocessing.interpolation]
    )
    left, top = (round((side - size) / 2) for side in resized.size)
    return to_input(np.asarray(resized.crop((left, top, left + size, top + size))))


def _shorter_side(size: int, preprocessing: Preprocessing) -> int:
    """What a classifier's photo is resized to before the crop, in pixels."""
    if preprocessing.crop_pct is None:
        raise ImageError("This bundle's pictures are not cropped: it holds no classifier.")
    return int(size / preprocessing.crop_pct)


def to_input(pixels: Pixels) -> NDArray[np.float32]:
    """[H, W, 3] uint8 -> [1, 3, H, W] float32, 0–255."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], dtype=np.float32)


def sample_photo(name: str) -> Path:
    """One of the two photographs in scikit-learn's wheel, "china.jpg" or "flower.jpg"."""
    # Located without importing it: that takes a second, and only these files are wanted.
    package = importlib.util.find_spec("sklearn")
    if package is None or package.submodule_search_locations is None:
        raise ImageError("The sample photographs are in scikit-learn: pip install 'vitexport[export]'.")
    return Path(package.submodule_search_locations[0]) / "datasets" / "images" / name


def verification_images(size: int) -> list[Pixels]:
    """Pictures [size, size, 3], the same in every run: smooth and noisy synthetic ones, then crops of photographs."""
    random = np.random.Philox(key=size)
    return drawn_pictures(random, size) + photo_crops(random, size, NATURAL)


def drawn_pictures(random: np.random.Philox, size: int) -> list[Pixels]:
    """Synthetic ones [size, size, 3], from smooth to noisy."""
    return [_synthetic(random, size, cells) for cells in (2, 8, 32, size)]


def photo_crops(random: np.random.Philox, size: int, count: int) -> list[Pixels]:
    """Random squares [size, size, 3] of the sample photographs, in turn."""
    photos = [read_photo(sample_photo(name)) for name in _SAMPLES]
    return [_crop(random, photos[index % len(photos)], size) for index in range(count)]


def _synthetic(random: np.random.Philox, size: int, cells: int) -> Pixels:
    """Random colours on a grid of cells x cells, enlarged smoothly; one cell a pixel is noise."""
    raw = random.random_raw(cells * cells * 3).astype(np.uint8).reshape(cells, cells, 3)
    return np.asarray(Image.fromarray(raw).resize((size, size), Image.Resampling.BICUBIC))


def _crop(random: np.random.Philox, photo: Image.Image, size: int) -> Pixels:
    """A random square of a quarter to all of the shorter side."""
    words = random.random_raw(3) / 2**64
    shorter = min(photo.size)
    side = int(shorter * (0.25 + 0.75 * words[0]))
    left, top = (int(word * (extent - side)) for word, extent in zip(words[1:], photo.size, strict=True))
    box = (left, top, left + side, top + side)
    return np.asarray(photo.resize((size, size), Image.Resampling.BICUBIC, box=box))
