"""Pictures on disk that a network tells apart after a few steps: plain colours under noise."""

from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = {"blue": (0, 0, 220), "green": (0, 220, 0), "red": (220, 0, 0)}


def write_colours(folder: Path, count: int) -> Path:
    """So many pictures of each colour, in a folder of its name."""
    random = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for place in range(count):
            pixels = np.clip(np.array(colour) + random.normal(0, 60, (48, 48, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{place}.png")
    return folder
