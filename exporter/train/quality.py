"""How well masks follow an object: J, F and J&F as the DAVIS 2017 challenge defines them (arXiv 1704.00675 §3)."""

from dataclasses import dataclass

import cv2
import numpy as np

_TOLERANCE = 0.008
"""How far a boundary may be off, as a share of the picture's diagonal."""


@dataclass(frozen=True)
class Quality:
    """Means over the frames of a clip but the first, which is given, and the last."""

    region: float
    """J, the intersection of masks over their union"""
    boundary: float
    """F, the harmonic mean of the boundaries' precision and recall"""

    @property
    def both(self) -> float:
        """J&F, their mean"""
        return (self.region + self.boundary) / 2


def quality(found: np.ndarray, true: np.ndarray) -> Quality:
    """The quality of masks found [T, H, W], against true ones; bool."""
    pairs = list(zip(found[1:-1], true[1:-1], strict=True))
    return Quality(
        float(np.mean([region_similarity(*pair) for pair in pairs])),
        float(np.mean([boundary_accuracy(*pair) for pair in pairs])),
    )


def region_similarity(found: np.ndarray, true: np.ndarray) -> float:
    """J of two masks [H, W]; 1 if both are empty."""
    union = (found | true).sum()
    return float((found & true).sum() / union) if union else 1.0


def boundary_accuracy(found: np.ndarray, true: np.ndarray) -> float:
    """F of two masks [H, W]; 1 if both are empty, 0 if one is."""
    own, other = _boundary(found), _boundary(true)
    if not own.any() or not other.any():
        return float(own.any() == other.any())
    radius = int(np.ceil(_TOLERANCE * np.hypot(*true.shape)))
    precision = (own & _widened(other, radius)).sum() / own.sum()
    recall = (other & _widened(own, radius)).sum() / other.sum()
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


def _boundary(mask: np.ndarray) -> np.ndarray:
    """Pixels that differ from a neighbour to the right, below, or both; outside the picture is as its edge is."""
    padded = np.pad(mask, ((0, 1), (0, 1)), mode="edge")
    return (mask != padded[:-1, 1:]) | (mask != padded[1:, :-1]) | (mask != padded[1:, 1:])


def _widened(boundary: np.ndarray, radius: int) -> np.ndarray:
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    disc = (x * x + y * y <= radius * radius).astype(np.uint8)
    return cv2.dilate(boundary.astype(np.uint8), disc).astype(bool)
