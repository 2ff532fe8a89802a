"""Masks: which pixels are an object, and object numbers in the colours of DAVIS."""

import numpy as np
import pytest
from PIL import Image

from exporter.errors import ImageError
from exporter.media.masks import PALETTE, read_mask, write_label_png
from tests.exporter.media.clips import noise


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_mask_is_what_is_not_zero(tmp_path, mode):
    expected = np.zeros((6, 5), bool)
    expected[2:4, 1:4] = True
    if mode == "P":
        # Index 1 is shown black, and is an object all the same.
        image = Image.fromarray(expected.astype(np.uint8))
        image.putpalette([255, 255, 255, 0, 0, 0])
    elif mode == "I;16":
        image = Image.fromarray(expected.astype(np.uint16))
    else:
        image = Image.fromarray(expected.astype(np.uint8) * 255).convert(mode)
    image.save(tmp_path / "mask.png")
    mask = read_mask(tmp_path / "mask.png")
    assert mask.dtype == np.bool_
    assert np.array_equal(mask, expected)


def test_what_is_transparent_is_no_object(tmp_path):
    pixels = np.full((4, 4, 4), 255, np.uint8)
    pixels[:2, :, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    assert read_mask(tmp_path / "mask.png").tolist() == [[False] * 4] * 2 + [[True] * 4] * 2


def test_what_is_no_mask_is_a_clear_error(tmp_path):
    with pytest.raises(ImageError, match="There is no mask"):
        read_mask(tmp_path / "none.png")
    Image.new("L", (8, 8)).save(tmp_path / "mask.jpg")
    with pytest.raises(ImageError, match="is not a PNG"):
        read_mask(tmp_path / "mask.jpg")
    Image.fromarray(noise(64, 64, 1)[0]).save(tmp_path / "mask.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "mask.png").read_bytes()[:1000])
    with pytest.raises(ImageError, match="Pillow cannot read"):
        read_mask(tmp_path / "cut.png")


def test_labels_are_kept_as_indices_in_the_colours_of_davis(tmp_path):
    labels = np.arange(256, dtype=np.uint8).reshape(8, 32)
    write_label_png(tmp_path / "labels.png", labels)
    with Image.open(tmp_path / "labels.png") as image:
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image), labels)
        assert np.array_equal(np.asarray(image.convert("RGB")), PALETTE[labels])
    assert np.array_equal(read_mask(tmp_path / "labels.png"), labels != 0)


def test_the_palette_is_that_of_pascal_voc():
    known = {
        0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 3: (128, 128, 0), 4: (0, 0, 128), 8: (64, 0, 0),
        15: (192, 128, 128), 20: (0, 64, 128), 255: (224, 224, 192),
    }  # fmt: skip
    assert {label: tuple(PALETTE[label].tolist()) for label in known} == known
    assert len(np.unique(PALETTE, axis=0)) == 256
