"""The 1,797 handwritten digits that come with scikit-learn: pictures that need no download.

Made of the test part of the UCI data set by E. Alpaydin and C. Kaynak (1998), CC BY 4.0.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from exporter.train.pictures.labelled import Pictures

_BRIGHTEST = 16
"""Of the data set's pixels"""


def digits(size: int) -> Pictures:
    """All of them, white on black, enlarged from 8 x 8 pixels."""
    from sklearn.datasets import load_digits

    data = load_digits()
    grey = np.round(data.images * (255 / _BRIGHTEST)).astype(np.uint8)
    pixels = np.empty((len(grey), 3, size, size), dtype=np.uint8)
    for place, picture in enumerate(grey):
        pixels[place] = np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BICUBIC))
    return Pictures(pixels, data.target.astype(np.int64), tuple("0123456789"))
