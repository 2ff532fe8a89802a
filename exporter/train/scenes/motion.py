"""How objects and the camera move: a place, an angle and a scale for each moment, all smooth."""

from dataclasses import dataclass

import numpy as np

from exporter.train.scenes.textures import Random


@dataclass(frozen=True)
class Waves:
    """A sum of sine waves over time; times and periods in frames."""

    amplitudes: np.ndarray
    periods: np.ndarray
    phases: np.ndarray

    def __call__(self, time: float) -> float:
        return float((self.amplitudes * np.sin(2 * np.pi * time / self.periods + self.phases)).sum())


def waves(random: Random, strength: float, count: int = 2) -> Waves:
    """Waves of about `strength`, the slower the larger."""
    periods = random.uniform(16, 120, count)
    return Waves(random.normal(0, strength, count) * periods / 68, periods, random.uniform(0, 2 * np.pi, count))


@dataclass(frozen=True)
class Path:
    """Where something is at each moment, how far it is turned, and how large it is."""

    start: np.ndarray
    """(x, y) in pixels from the middle of the scene, at time 0"""
    velocity: np.ndarray
    """Pixels a frame"""
    sway: tuple[Waves, Waves]
    turn: float
    """Radians a frame"""
    angle: Waves
    scale: float
    growth: Waves
    """Of the logarithm of the scale"""
    reach: float
    """Pixels from the middle at which it turns round."""

    def place(self, time: float) -> np.ndarray:
        """(x, y) in pixels from the middle of the scene."""
        swayed = self.start + self.velocity * time + [wave(time) for wave in self.sway]
        return self.reach - np.abs((swayed + self.reach) % (4 * self.reach) - 2 * self.reach)

    def matrix(self, time: float) -> np.ndarray:
        """The affine map [3, 3] from the thing's own coordinates, with (0, 0) in its middle, to the scene's."""
        angle = self.turn * time + self.angle(time)
        scale = self.scale * np.exp(self.growth(time))
        cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
        x, y = self.place(time)
        return np.array([[cosine, -sine, x], [sine, cosine, y], [0, 0, 1]])


def wandering(random: Random, size: int, scale: float) -> Path:
    """An object's path: slow or fast, turning or not; some leave the picture for a while."""
    speed = random.choice([0.3, 1.0, 2.5])
    reach = size * (random.uniform(0.5, 0.8) if random.random() < 0.3 else random.uniform(0.3, 0.45))
    return Path(
        start=random.uniform(-0.38, 0.38, 2) * size,
        velocity=random.normal(0, speed, 2),
        sway=(waves(random, 6 * speed), waves(random, 6 * speed)),
        turn=random.choice([0, 1]) * random.normal(0, 0.03),
        angle=waves(random, 0.25),
        scale=scale,
        growth=waves(random, 0.12),
        reach=reach,
    )


def crossing(random: Random, place: np.ndarray, time: float, scale: float, size: int) -> Path:
    """The path of something that is at `place` at `time`, and passes by or stays there."""
    speed = random.choice([0.0, 1.5, 3.5])
    direction = random.uniform(0, 2 * np.pi)
    velocity = speed * np.array([np.cos(direction), np.sin(direction)])
    nothing = Waves(np.zeros(1), np.ones(1), np.zeros(1))
    return Path(place - velocity * time, velocity, (nothing, nothing), 0, waves(random, 0.1), scale, nothing, 4 * size)


def camera(random: Random, size: int) -> Path:
    """The camera's path: still, held in a hand, or panning."""
    strength = random.choice([0.0, 0.3, 1.0])
    return Path(
        start=np.zeros(2),
        velocity=strength * random.normal(0, 0.6, 2),
        sway=(waves(random, 4 * strength), waves(random, 4 * strength)),
        turn=0,
        angle=waves(random, 0.06 * strength),
        scale=1,
        growth=waves(random, 0.06 * strength),
        reach=size / 4,
    )
