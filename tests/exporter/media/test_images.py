"""Pictures: what a photo becomes, and what artefacts are verified on."""

import numpy as np
import pytest
from PIL import Image

from exporter.errors import ImageError
from exporter.manifest import Preprocessing
from exporter.media.images import NATURAL, SYNTHETIC, classifier_input, read_photo, sample_photo, verification_images

BICUBIC = Preprocessing(resize="shorter_side_then_center_crop", crop_pct=0.5, interpolation="bicubic")


def test_a_photo_keeps_its_middle():
    # Resized to 64 by 128, of which the crop takes rows 16–48 and columns 48–80.
    pixels = np.zeros((128, 256, 3), np.uint8)
    pixels[32:96, 96:160] = (250, 100, 50)
    image = classifier_input(Image.fromarray(pixels), 32, BICUBIC)
    assert image.shape == (1, 3, 32, 32)
    assert image.dtype == np.float32
    assert np.allclose(image[0, :, 4:-4, 4:-4], np.array([250, 100, 50])[:, None, None], atol=1)


@pytest.mark.parametrize("shape", [(300, 200), (200, 300), (32, 32), (5, 400)])
def test_any_photo_fills_the_input(shape):
    photo = Image.fromarray(np.full((*shape, 3), 128, np.uint8))
    assert (classifier_input(photo, 32, BICUBIC) == 128).all()


def test_verification_pictures_are_enough_the_same_each_time_and_all_different():
    first, second = verification_images(48), verification_images(48)
    assert len(first) == SYNTHETIC + NATURAL >= 16
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert len({image.tobytes() for image in first}) == len(first)
    assert all(image.shape == (48, 48, 3) and image.dtype == np.uint8 for image in first)


def test_the_sample_photographs_are_photographs():
    assert read_photo(sample_photo("china.jpg")).size == (640, 427)


def test_a_trackers_pictures_are_not_cropped_for_a_classifier():
    square = Preprocessing(resize="square", crop_pct=None, interpolation="bicubic")
    with pytest.raises(ImageError, match="no classifier"):
        classifier_input(Image.new("RGB", (64, 48)), 32, square)
