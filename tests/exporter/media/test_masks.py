"""Object numbers in the colours of DAVIS."""

import numpy as np
from PIL import Image

from exporter.media.masks import PALETTE, write_label_png


def test_labels_are_kept_as_indices_in_the_colours_of_davis(tmp_path):
    labels = np.arange(256, dtype=np.uint8).reshape(8, 32)
    write_label_png(tmp_path / "labels.png", labels)
    with Image.open(tmp_path / "labels.png") as image:
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image), labels)
        assert np.array_equal(np.asarray(image.convert("RGB")), PALETTE[labels])


def test_the_palette_is_that_of_pascal_voc():
    known = {
        0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 3: (128, 128, 0), 4: (0, 0, 128), 8: (64, 0, 0),
        15: (192, 128, 128), 20: (0, 64, 128), 255: (224, 224, 192),
    }  # fmt: skip
    assert {label: tuple(PALETTE[label].tolist()) for label in known} == known
    assert len(np.unique(PALETTE, axis=0)) == 256
