"""Photographs as people have them, read as RGB and upright."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from exporter.errors import ImageError


def read_photo(path: str | Path) -> Image.Image:
    """An image file as RGB, upright; raises `ImageError`."""
    try:
        with Image.open(path) as image:
            return ImageOps.exif_transpose(image).convert("RGB")
    except FileNotFoundError:
        raise ImageError(f"There is no image {path}.") from None
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise ImageError(f"{path} is not an image that Pillow can read ({error}).") from error
