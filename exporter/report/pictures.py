"""Pictures inside an HTML page: data URIs, so that the page needs no other file."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from markupsafe import Markup
    from numpy.typing import NDArray


def jpeg(pixels: NDArray[np.uint8], longest: int) -> Markup:
    """RGB [H, W, 3] as a photograph whose longest side is at most so many pixels."""
    return _uri(pixels, longest, "JPEG", quality=80)


def png(pixels: NDArray[np.uint8], longest: int) -> Markup:
    """RGB [H, W, 3], or grey [H, W], as a drawing whose longest side is at most so many pixels.

    Where it has to shrink, the brightest pixel of a square stands for it: a single one that differs stays.
    """
    factor = -(-max(pixels.shape[:2]) // longest)
    height, width = (side - side % factor for side in pixels.shape[:2])
    squares = pixels[:height, :width].reshape(height // factor, factor, width // factor, factor, *pixels.shape[2:])
    return _uri(squares.max((1, 3)), longest, "PNG", optimize=True)


def _uri(pixels: NDArray[np.uint8], longest: int, kind: str, **options: object) -> Markup:
    from markupsafe import Markup
    from PIL import Image

    image = Image.fromarray(pixels)
    image.thumbnail((longest, longest))
    file = io.BytesIO()
    image.save(file, kind, **options)
    return Markup(f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}")
