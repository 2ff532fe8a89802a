"""What a camera adds to what it sees: changing light, white balance, blur, noise, and compression."""

from dataclasses import dataclass

import cv2
import numpy as np

from exporter.train.scenes.motion import Waves, waves
from exporter.train.scenes.textures import Random


@dataclass(frozen=True)
class Imperfections:
    """Of one clip."""

    light: Waves
    """Of the logarithm of the brightness, over time"""
    balance: np.ndarray
    """Factors [3] of red, green and blue"""
    blur: float
    """Standard deviation in pixels; 0 for none"""
    noise: float
    """Standard deviation in levels of 0–255; 0 for none"""
    quality: int | None
    """Of JPEG; None for no compression"""

    def seen(self, picture: np.ndarray, time: float, random: Random) -> np.ndarray:
        """The picture [H, W, 3] as the camera has it, uint8."""
        if self.blur:
            picture = cv2.GaussianBlur(picture, (0, 0), self.blur)
        levels = np.arange(256)[:, None] * self.balance * np.exp(self.light(time))
        picture = cv2.LUT(picture, np.clip(levels, 0, 255).astype(np.uint8)[:, None])
        if self.noise:
            grain = np.empty(picture.shape, np.int16)
            cv2.setRNGSeed(int(random.integers(2**31)))
            cv2.randn(grain, np.zeros(3), np.full(3, self.noise))
            picture = cv2.add(picture, grain, dtype=cv2.CV_8U)
        if self.quality is not None:
            _, file = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
            picture = np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR))
        return picture


def imperfections(random: Random) -> Imperfections:
    """Of a camera and a place drawn at random; each fault is missing in many."""
    return Imperfections(
        light=waves(random, random.choice([0, 0.15])),
        balance=np.exp(random.normal(0, 0.07, 3)),
        blur=random.uniform(0.3, 1.2) if random.random() < 0.4 else 0.0,
        noise=random.uniform(1, 10) if random.random() < 0.5 else 0.0,
        quality=int(random.integers(30, 96)) if random.random() < 0.4 else None,
    )
