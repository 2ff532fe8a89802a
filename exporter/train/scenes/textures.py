"""What surfaces look like: each texture is a function of a random generator and a side, gives RGB [side, side, 3]."""

from collections.abc import Callable

import cv2
import numpy as np

from exporter.train.scenes.photographs import photograph

Random = np.random.Generator
Texture = Callable[[Random, int], np.ndarray]


def colour(random: Random) -> np.ndarray:
    """A colour [3], float32 in 0–255; often greyish, as most things are."""
    grey = random.uniform(10, 245)
    return np.clip(grey + random.normal(0, random.choice([8, 30, 70]), 3), 0, 255).astype(np.float32)


def _mixed(share: np.ndarray, random: Random) -> np.ndarray:
    """Two colours, by their share [H, W] in 0–1."""
    first, second = colour(random), colour(random)
    return (first + share[..., None] * (second - first)).astype(np.uint8)


def _coordinates(side: int) -> tuple[np.ndarray, np.ndarray]:
    """x and y in 0–1."""
    axis = np.linspace(0, 1, side, dtype=np.float32)
    return np.broadcast_to(axis, (side, side)), np.broadcast_to(axis[:, None], (side, side))


def _along(random: Random, side: int) -> np.ndarray:
    """The distance along a random direction, in sides."""
    x, y = _coordinates(side)
    angle = random.uniform(0, 2 * np.pi)
    return np.cos(angle) * x + np.sin(angle) * y


def smooth_noise(random: Random, side: int, cells: int) -> np.ndarray:
    """Values in 0–1 [side, side] that change over `cells` cells a side."""
    small = random.random((cells + 3, cells + 3), dtype=np.float32)
    return np.clip(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC), 0, 1)


def fractal(random: Random, side: int) -> np.ndarray:
    """Noise in octaves, 0–1 [side, side]."""
    roughness, first = random.uniform(0.35, 0.8), int(random.integers(1, 5))
    weights = roughness ** np.arange(4)
    octaves = (weight * smooth_noise(random, side, first * 2**i) for i, weight in enumerate(weights))
    values = sum(octaves, np.zeros((side, side), np.float32))
    low, high = values.min(), values.max()
    return (values - low) / (high - low)


def plain(random: Random, side: int) -> np.ndarray:
    """Nearly one colour, a little lighter on one side."""
    shade = random.uniform(0, 60) * (_along(random, side) - 0.5)
    return np.clip(colour(random) + shade[..., None], 0, 255).astype(np.uint8)


def gradient(random: Random, side: int) -> np.ndarray:
    return _mixed(np.clip(_along(random, side), 0, 1), random)


def noise(random: Random, side: int) -> np.ndarray:
    return _mixed(fractal(random, side), random)


def coloured_noise(random: Random, side: int) -> np.ndarray:
    return (255 * np.stack([fractal(random, side) for _ in range(3)], axis=-1)).astype(np.uint8)


def stripes(random: Random, side: int) -> np.ndarray:
    wave = np.sin(2 * np.pi * random.uniform(2, 12) * _along(random, side))
    return _mixed(np.clip(0.5 + random.uniform(0.5, 4) * wave, 0, 1), random)


def checks(random: Random, side: int) -> np.ndarray:
    x, y = _along(random, side), _along(random, side)
    count = random.uniform(2, 8)
    return _mixed(((np.floor(x * count) + np.floor(y * count)) % 2).astype(np.float32), random)


def dots(random: Random, side: int) -> np.ndarray:
    canvas = np.zeros((side, side), np.uint8)
    for x, y in random.integers(0, side, (int(random.integers(8, 60)), 2)):
        cv2.circle(canvas, (int(x), int(y)), int(random.integers(2, 9)), 255, -1, cv2.LINE_AA)
    return _mixed(canvas.astype(np.float32) / 255, random)


def of_photographs(names: tuple[str, ...]) -> Texture:
    """Pieces of photographs: anywhere, turned, enlarged, and in other colours."""

    def piece(random: Random, side: int) -> np.ndarray:
        picture = photograph(names[int(random.integers(len(names)))])
        height, width = picture.shape[:2]
        scale = random.uniform(0.5, 2.0) * max(1.0, side / min(height, width))
        angle = random.uniform(-30, 30) + random.choice([0, 90, 180, 270])
        centre = (random.uniform(0.2, 0.8) * width, random.uniform(0.2, 0.8) * height)
        matrix = np.asarray(cv2.getRotationMatrix2D(centre, angle, scale), np.float64)
        matrix[:, 2] += side / 2 - np.array(centre)
        cut = cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        return recoloured(cut[:, :: random.choice([-1, 1])], random)

    return piece


def recoloured(picture: np.ndarray, random: Random) -> np.ndarray:
    """The same picture with other hue, saturation, contrast and brightness."""
    hsv = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2HSV)
    hue, saturation, value = cv2.split(hsv)
    levels = np.arange(256)
    hue = cv2.LUT(hue, ((levels + random.integers(0, 180)) % 180).astype(np.uint8))
    saturation = cv2.LUT(saturation, np.clip(levels * random.uniform(0.3, 1.6), 0, 255).astype(np.uint8))
    contrast, brightness = random.uniform(0.6, 1.3), random.uniform(-40, 40)
    value = cv2.LUT(value, np.clip((levels - 128) * contrast + 128 + brightness, 0, 255).astype(np.uint8))
    return cv2.cvtColor(cv2.merge([hue, saturation, value]), cv2.COLOR_HSV2RGB)


def cells(random: Random, side: int) -> np.ndarray:
    """A Voronoi pattern, as of paving or scales."""
    places = random.uniform(0, side, (int(random.integers(8, 40)), 2)).astype(np.float32)
    x, y = _coordinates(side)
    away = (x[..., None] * side - places[:, 0]) ** 2 + (y[..., None] * side - places[:, 1]) ** 2
    shades = np.stack([colour(random) for _ in range(4)])
    return shades[away.argmin(-1) % 4].astype(np.uint8)


def rings(random: Random, side: int) -> np.ndarray:
    """Rings bent by noise, as of wood or marble."""
    x, y = _coordinates(side)
    centre = random.uniform(-0.5, 1.5, 2)
    away = np.hypot(x - centre[0], y - centre[1]) + 0.3 * fractal(random, side)
    return _mixed(0.5 + 0.5 * np.sin(2 * np.pi * random.uniform(4, 14) * away), random)


def bricks(random: Random, side: int) -> np.ndarray:
    """Rows of rectangles with joints between them, every second row shifted by a half."""
    x, y = _coordinates(side)
    rows = random.uniform(4, 10)
    row = np.floor(y * rows)
    column = x * rows / 2 + 0.5 * (row % 2)
    joint = (y * rows % 1 < 0.15) | (column % 1 < 0.08)
    tone = 0.6 + 0.4 * np.sin(37 * row + 91 * np.floor(column))
    return _mixed(np.where(joint, 0, tone).astype(np.float32), random)
