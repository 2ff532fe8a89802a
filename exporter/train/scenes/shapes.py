"""Outlines of objects: each shape is drawn from a random generator and gives its mask at any time of a clip.

A mask is a canvas [SIDE, SIDE], uint8 with soft edges, that the object fills to about nine tenths.
"""

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from exporter.train.scenes.textures import Random

SIDE = 144
"""Pixels of the canvas that shapes and their textures are drawn on."""
_RADIUS = 0.45 * SIDE
_CENTRE = SIDE / 2
_SHIFT = 4
"""Binary digits of the fractions of a pixel that OpenCV draws with."""

Outline = Callable[[float], np.ndarray]
"""The mask at a moment of `Recipe.stride`."""
Shape = Callable[[Random], Outline]


def _filled(points: np.ndarray) -> np.ndarray:
    """The polygon with points [P, 2] around the origin, scaled so that it just fits."""
    points = points / np.abs(points).max() * _RADIUS + _CENTRE
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    fixed = np.round(points * 2**_SHIFT).astype(np.int32)
    cv2.fillPoly(canvas, [fixed], 255, cv2.LINE_AA, _SHIFT)
    return canvas


def _still(canvas: np.ndarray) -> Outline:
    return lambda time: canvas


def _polar(radii: np.ndarray) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=-1)


def _waves(random: Random, count: int, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Amplitudes and phases of the first waves around an outline; higher ones are weaker."""
    amplitudes = random.normal(0, strength, count) / np.arange(1, count + 1) ** 0.7
    return amplitudes, random.uniform(0, 2 * np.pi, count)


def _wavy(amplitudes: np.ndarray, phases: np.ndarray) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, 72, endpoint=False)[:, None]
    orders = np.arange(2, 2 + len(amplitudes))
    return np.exp((amplitudes * np.cos(orders * angles + phases)).sum(-1))


def _stretched(points: np.ndarray, random: Random) -> np.ndarray:
    return points * [1, random.uniform(0.35, 1)]


def blob(random: Random) -> Outline:
    """A smooth closed curve."""
    waves = _waves(random, 6, random.uniform(0.05, 0.4))
    return _still(_filled(_stretched(_polar(_wavy(*waves)), random)))


def polygon(random: Random) -> Outline:
    """Three to nine corners, convex or not."""
    count = int(random.integers(3, 10))
    angles = np.sort(random.uniform(0, 2 * np.pi, count))
    radii = random.uniform(random.choice([0.3, 0.8]), 1, count)
    return _still(_filled(np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=-1)))


def rectangle(random: Random) -> Outline:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [1, random.uniform(0.2, 1)]
    return _still(_filled(corners))


def ellipse(random: Random) -> Outline:
    return _still(_filled(_stretched(_polar(np.ones(72)), random)))


def ring(random: Random) -> Outline:
    """An ellipse with a hole."""
    outer = ellipse(random)(0)
    inner = cv2.resize(outer, None, fx=(share := random.uniform(0.4, 0.75)), fy=share)
    start = (SIDE - len(inner)) // 2
    hole = np.zeros_like(outer)
    hole[start : start + len(inner), start : start + len(inner)] = inner
    return _still(cv2.subtract(outer, hole))


def glyph(characters: str) -> Shape:
    """One of `characters`, in the typeface that Pillow has, bold enough to be seen."""

    def drawn(random: Random) -> Outline:
        text = characters[int(random.integers(len(characters)))]
        image = Image.new("L", (SIDE, SIDE))
        font = ImageFont.load_default(SIDE * 0.8)
        draw = ImageDraw.Draw(image)
        width = int(random.integers(2, 6))
        draw.text((_CENTRE, _CENTRE), text, 255, font, anchor="mm", stroke_width=width)
        return _still(np.asarray(image))

    return drawn


def union(random: Random) -> Outline:
    """Two or three simple shapes grown together."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    for _ in range(int(random.integers(2, 4))):
        part = (blob, rectangle, ellipse)[int(random.integers(3))](random)(0)
        turned = cv2.getRotationMatrix2D((_CENTRE, _CENTRE), random.uniform(0, 360), random.uniform(0.3, 0.65))
        matrix = np.asarray(turned, np.float64)
        matrix[:, 2] += random.uniform(-0.2, 0.2, 2) * SIDE
        canvas = np.maximum(canvas, cv2.warpAffine(part, matrix, (SIDE, SIDE)))
    return _still(canvas)


def sticks(random: Random) -> Outline:
    """A body with thin parts."""
    canvas = cv2.warpAffine(
        blob(random)(0), cv2.getRotationMatrix2D((_CENTRE, _CENTRE), 0, random.uniform(0.35, 0.6)), (SIDE, SIDE)
    )
    for angle in random.uniform(0, 2 * np.pi, int(random.integers(1, 5))):
        end = _CENTRE + _RADIUS * random.uniform(0.7, 1) * np.array([np.cos(angle), np.sin(angle)])
        _limb(canvas, np.array([_CENTRE, _CENTRE]), end, random.uniform(3, 8))
    return _still(canvas)


def _limb(canvas: np.ndarray, start: np.ndarray, end: np.ndarray, thickness: float) -> None:
    first, last = (tuple(int(v) for v in np.round(point * 2**_SHIFT)) for point in (start, end))
    cv2.line(canvas, first, last, 255, max(1, round(thickness)), cv2.LINE_AA, _SHIFT)


def wobbling(random: Random) -> Outline:
    """A blob whose outline goes on changing."""
    amplitudes, phases = _waves(random, 5, random.uniform(0.1, 0.35))
    speeds = random.normal(0, random.uniform(0.02, 0.13), 5)
    stretch = [1, random.uniform(0.5, 1)]
    return lambda time: _filled(_polar(_wavy(amplitudes, phases + speeds * time)) * stretch)


def walker(random: Random) -> Outline:
    """A body with a head and limbs of two parts that swing."""
    limbs = int(random.integers(2, 5))
    rest = random.uniform(0, 2 * np.pi, limbs)
    swings, bends = random.uniform(0.2, 0.9, limbs), random.uniform(-1.2, 1.2, limbs)
    speed, phases = random.uniform(0.08, 0.53), random.uniform(0, 2 * np.pi, limbs)
    body = random.uniform(0.15, 0.3, 2) * SIDE
    thickness, length = random.uniform(7, 16), random.uniform(0.17, 0.22) * SIDE
    head = random.uniform(0.06, 0.13) * SIDE

    def at(time: float) -> np.ndarray:
        canvas = np.zeros((SIDE, SIDE), np.uint8)
        centre = np.array([_CENTRE, _CENTRE])
        cv2.ellipse(canvas, (int(_CENTRE), int(_CENTRE)), (int(body[0]), int(body[1])), 0, 0, 360, 255, -1, cv2.LINE_AA)
        cv2.circle(canvas, (int(_CENTRE), int(_CENTRE - body[1] - 0.6 * head)), int(head), 255, -1, cv2.LINE_AA)
        for angle, swing, bend, phase in zip(rest, swings, bends, phases, strict=True):
            upper = angle + swing * np.sin(speed * time + phase)
            lower = upper + bend * (1 + np.sin(speed * time + phase + 1)) / 2
            start = centre + 0.8 * body * [np.cos(angle), np.sin(angle)]
            knee = start + length * np.array([np.cos(upper), np.sin(upper)])
            _limb(canvas, start, knee, thickness)
            _limb(canvas, knee, knee + length * np.array([np.cos(lower), np.sin(lower)]), 0.75 * thickness)
        return canvas

    return at


def snake(random: Random) -> Outline:
    """A chain that winds: thick in front, thin behind."""
    joints, waves = 14, random.uniform(0.8, 2)
    speed, bend, thickness = random.uniform(0.06, 0.32), random.uniform(0.12, 0.3), random.uniform(12, 26)

    def at(time: float) -> np.ndarray:
        canvas = np.zeros((SIDE, SIDE), np.uint8)
        along = np.linspace(-0.4, 0.4, joints)
        across = bend * np.sin(2 * np.pi * waves * along + speed * time)
        points = _CENTRE + SIDE * np.stack([along, across], axis=-1)
        for i, (start, end) in enumerate(pairwise(points)):
            _limb(canvas, start, end, thickness * (1 - 0.6 * i / joints))
        return canvas

    return at


def star(random: Random) -> Outline:
    """A star or a gear."""
    points = int(random.integers(4, 11))
    angles = np.linspace(0, 2 * np.pi, 4 * points, endpoint=False)
    profile = np.array([1, 1, 0, 0]) if random.random() < 0.5 else np.array([1, 0.5, 0, 0.5])
    radii = random.uniform(0.4, 0.7) + 0.45 * np.tile(profile, points)
    return _still(_filled(np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=-1)))


def crescent(random: Random) -> Outline:
    """A disc bitten into by another."""
    disc = _filled(_polar(np.ones(72)))
    shift = np.array([[1, 0, random.uniform(0.25, 0.5) * SIDE], [0, 1, random.uniform(-0.1, 0.1) * SIDE]])
    return _still(cv2.subtract(disc, cv2.warpAffine(disc, shift, (SIDE, SIDE))))


def heart(random: Random) -> Outline:
    """A heart, wide or narrow."""
    angles = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    y = (13 * np.cos(angles) - 5 * np.cos(2 * angles) - 2 * np.cos(3 * angles) - np.cos(4 * angles)) / 16
    return _still(_filled(np.stack([np.sin(angles) ** 3, -y], axis=-1) * [1, random.uniform(0.6, 1.1)]))
