"""How the camera was held: what a photo says about it, and the photo upright."""

from __future__ import annotations

import warnings
from pathlib import Path

from PIL import ExifTags, Image

from exporter.errors import VitexportWarning

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Orientation (CIPA DC-008, tag 274) -> what sets it upright; 1 is upright, others mean nothing"""


def orientation_of(image: Image.Image, path: Path) -> int | None:
    """What a loaded picture says; None where it says nothing, or cannot be understood, of which it warns."""
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        try:
            # Read once more: of a JPEG's block Pillow drops what is wrong when it opens the file.
            Image.Exif().load(image.info.get("exif", b""))
            orientation = image.getexif().get(ExifTags.Base.Orientation)
            damaged = bool(complaints) and orientation is None
        except Exception:  # whatever Python raises where offsets and types are wrong
            orientation, damaged = None, True
    if damaged:
        warnings.warn(
            f"The EXIF block of {path} is damaged, so the photo is not turned: if it lies on its side, turn it.",
            VitexportWarning,
            stacklevel=4,
        )
    return orientation


def upright(image: Image.Image, orientation: int | None) -> Image.Image:
    """The picture as it was seen; itself where nothing is to be done."""
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)
