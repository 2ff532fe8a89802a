"""Small clips for the tests of media."""

import numpy as np

from exporter.media.video_writer import video_writer

COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (220, 220, 40), (120, 120, 120)]


def flat_frames(height=48, width=64):
    return [np.full((height, width, 3), colour, np.uint8) for colour in COLOURS]


def noise(height, width, count):
    random = np.random.default_rng(0)
    return list(random.integers(0, 256, (count, height, width, 3), dtype=np.uint8))


def write(path, frames, fps=25.0):
    with video_writer(path, fps, frames[0].shape[1], frames[0].shape[0]) as writer:
        for frame in frames:
            writer.write(frame)
    return path
