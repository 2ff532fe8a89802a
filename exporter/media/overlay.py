"""Pictures for people: masks drawn over a frame, and many frames on one sheet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from exporter.media.images import Pixels
from exporter.media.masks import PALETTE, Mask

OUTLINE_PER_PIXEL = 1 / 360
"""Width of an outline as a share of the shorter side: 2 pixels (the least) at 720, 3 at 1080."""

LETTERS_PER_PIXEL, SMALLEST_LETTERS = 1 / 20, 12
"""Height of a banner's letters as a share of the shorter side; on a small frame, if they fit, this many pixels."""

UNTRAINED = "UNTRAINED WEIGHTS: THESE MASKS ARE NOISE"
"""The banner on what seeded weights found."""

THUMBNAIL, GAP = 240, 4
"""Width of a picture on a contact sheet and the space around it, in pixels."""

SHEET_FRAMES, SHEET_COLUMNS = 24, 6
"""Most frames of a video on its contact sheet, and how many in a row."""


_ROWS = 256
"""Of a frame that is drawn on at once"""


def overlay(frame: Pixels, masks: Mapping[int, Mask], banner: str | None = None) -> Pixels:
    """A copy of `frame` [H, W, 3] with each mask [H, W] tinted and outlined in the colour of its object's number.

    Where two meet, the later one is on top. `banner` is written along the bottom.
    """
    picture = frame.copy()
    thickness = max(2, round(min(frame.shape[:2]) * OUTLINE_PER_PIXEL))
    for number, mask in masks.items():
        colour = PALETTE[number]
        # Some rows at once: NumPy makes lists of the places in a mask, which take up to 16 times its memory.
        for top in range(0, len(mask), _ROWS):
            above = min(top, thickness)
            around = mask[top - above : top + _ROWS + thickness]
            part, inside = picture[top : top + _ROWS], mask[top : top + _ROWS]
            outline = inside & ~_interior(around, thickness)[above : above + len(inside)]
            part[inside] = part[inside] // 2 + colour // 2
            part[outline] = colour
    if banner:
        strip = _strip(banner, *frame.shape[:2])
        picture[-len(strip) :] = strip
    return picture


def contact_sheet(frames: Sequence[Pixels], columns: int, captions: Sequence[str] | None = None) -> Image.Image:
    """Frames of one size [H, W, 3], at least one, as thumbnails in rows of `columns`, each above its caption."""
    height, width = frames[0].shape[:2]
    size = (THUMBNAIL, max(1, round(THUMBNAIL * height / width)))
    cells = [np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS)) for frame in frames]
    if captions is not None:
        strips = [_strip(caption, size[1], size[0]) for caption in captions]
        tallest = max(map(len, strips))
        cells = [
            np.concatenate([cell, strip, np.zeros((tallest - len(strip), THUMBNAIL, 3), np.uint8)])
            for cell, strip in zip(cells, strips, strict=True)
        ]
    columns = min(columns, len(cells))
    across, down = THUMBNAIL + GAP, len(cells[0]) + GAP
    sheet = Image.new("RGB", (columns * across + GAP, math.ceil(len(cells) / columns) * down + GAP))
    for index, cell in enumerate(cells):
        row, column = divmod(index, columns)
        sheet.paste(Image.fromarray(cell), (GAP + column * across, GAP + row * down))
    return sheet


class ContactSheet:
    """Frames of a video for a contact sheet, evenly spread over it however long it turns out to be."""

    def __init__(self, pixel_aspect: Fraction = Fraction(1)) -> None:
        """`pixel_aspect` is the width of the frames' pixels by their height; the sheet's are square."""
        self._aspect = pixel_aspect
        self._stride = 1
        self._count = 0
        self.kept: list[tuple[str, Pixels]] = []
        """Caption and thumbnail of each frame kept so far"""

    def add(self, caption: str, frame: Pixels) -> None:
        if self._count % self._stride == 0:
            if len(self.kept) == SHEET_FRAMES:
                self.kept = self.kept[::2]
                self._stride *= 2
            height = max(1, round(THUMBNAIL * frame.shape[0] / (frame.shape[1] * self._aspect)))
            small = Image.fromarray(frame).resize((THUMBNAIL, height), Image.Resampling.LANCZOS)
            self.kept.append((caption, np.asarray(small)))
        self._count += 1

    def picture(self) -> Image.Image:
        """The contact sheet; there must be a frame."""
        captions, frames = zip(*self.kept, strict=True)
        return contact_sheet(frames, SHEET_COLUMNS, captions)


def _interior(mask: Mask, distance: int) -> Mask:
    """The pixels from which `distance` steps stay inside; the frame's edge is no outline."""
    for _ in range(distance):
        around = np.pad(mask, 1, mode="edge")
        mask = mask & around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:]
    return mask


def _strip(text: str, height: int, width: int) -> Pixels:
    """White on black [h, width, 3], in letters that leave two thirds of a frame [height, width] free."""
    canvas = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    for points in range(max(SMALLEST_LETTERS, round(min(height, width) * LETTERS_PER_PIXEL)), 0, -1):
        font = ImageFont.load_default(size=points)
        lines = _wrapped(text, font, width - points)
        left, top, right, bottom = canvas.multiline_textbbox((0, 0), lines, font=font)
        needed = math.ceil(bottom - top) + points
        if right - left <= width - points and needed <= height / 3:
            break
    strip = Image.new("RGB", (width, min(needed, height)))
    draw = ImageDraw.Draw(strip)
    draw.multiline_text((width / 2, strip.height / 2), lines, "white", font, anchor="mm", align="center")
    return np.asarray(strip)


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """`text` in lines of at most `width` pixels, where its words allow it."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines).strip()


def label_map(masks: Mapping[int, Mask]) -> NDArray[np.uint8]:
    """Number of the object at each pixel [H, W], 0 where there is none; of several at one the first is there."""
    labels = np.zeros(next(iter(masks.values())).shape, np.uint8)
    for number, mask in reversed(list(masks.items())):
        labels[mask] = number
    return labels
