"""What a person might give to say which object is meant: a click, a box, or a mask (arXiv 2408.00714 §A.1)."""

from typing import Literal

import cv2
import numpy as np

from exporter.models.point_labels import BOTTOM_RIGHT, FOREGROUND, TOP_LEFT

PromptKind = Literal["click", "box", "mask"]

Random = np.random.Generator


def centre_click(mask: np.ndarray) -> tuple[float, float]:
    """The pixel (x, y) of a mask [H, W] that lies farthest from its border."""
    away = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(away.argmax(), away.shape)
    return float(x), float(y)


def random_click(mask: np.ndarray, random: Random) -> tuple[float, float]:
    """Any pixel (x, y) of a mask [H, W]."""
    places = np.flatnonzero(mask)
    y, x = divmod(int(places[random.integers(len(places))]), mask.shape[1])
    return float(x), float(y)


def click(mask: np.ndarray, random: Random) -> tuple[np.ndarray, np.ndarray]:
    """One click on the object: points [1, 2], labels [1]; in half of all cases in its very middle."""
    place = centre_click(mask) if random.random() < 0.5 else random_click(mask, random)
    return np.array([place], np.float32), np.array([FOREGROUND], np.float32)


def box(mask: np.ndarray, random: Random) -> tuple[np.ndarray, np.ndarray]:
    """The object's box, drawn by an unsteady hand, as two points [2, 2] with labels [2]."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    corners = np.array([[columns[0], rows[0]], [columns[-1], rows[-1]]], np.float32)
    extent = corners[1] - corners[0]
    shaken = corners + np.clip(random.normal(0, 0.05, (2, 2)) * extent, -10, 10)
    return np.clip(shaken, 0, len(mask) - 1).astype(np.float32), np.array([TOP_LEFT, BOTTOM_RIGHT], np.float32)
