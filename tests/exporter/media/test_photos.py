"""Photographs as people have them: upright, RGB, and every trouble in one sentence."""

import pytest
from PIL import Image

from exporter.errors import ImageError
from exporter.media.photos import read_photo


def test_a_photo_is_turned_upright(tmp_path):
    sideways = Image.new("RGB", (40, 20))
    exif = sideways.getexif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    sideways.save(tmp_path / "photo.jpg", exif=exif)
    assert read_photo(tmp_path / "photo.jpg").size == (20, 40)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "I;16"])
def test_every_kind_of_picture_becomes_rgb(tmp_path, mode):
    path = tmp_path / ("photo.jpg" if mode == "CMYK" else "photo.png")
    Image.new(mode, (8, 8)).save(path)
    assert read_photo(path).mode == "RGB"


def test_a_missing_photo_and_a_text_file_are_clear_errors(tmp_path):
    with pytest.raises(ImageError, match="There is no image"):
        read_photo(tmp_path / "none.jpg")
    (tmp_path / "text.jpg").write_text("not a picture")
    with pytest.raises(ImageError, match="not an image"):
        read_photo(tmp_path / "text.jpg")
