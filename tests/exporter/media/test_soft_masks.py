"""One object with soft or noisy edges, or areas of several shades."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from exporter.media.soft_masks import are_of_one_hue, is_dithered, one_object

SIDE, FINER = 110, 4
FIRST, SECOND = (5, 5, 50, 45), (60, 60, 100, 90)
BLOCK = np.zeros((SIDE, SIDE), np.uint8)
BLOCK[20:70, 20:70] = 255


def ellipses(*colours, mode: str = "L", resample=Image.Resampling.LANCZOS) -> Image.Image:
    """One or two, with soft edges."""
    image = Image.new(mode, (SIDE * FINER, SIDE * FINER))
    for box, colour in zip((FIRST, SECOND), colours, strict=False):
        ImageDraw.Draw(image).ellipse([side * FINER for side in box], colour)
    return image.resize((SIDE, SIDE), resample)


FIRST_AREA = int(np.count_nonzero(np.asarray(ellipses(255)) >= 128))


def through_jpeg(image: Image.Image, quality: int) -> Image.Image:
    file = BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


def area(image: Image.Image | np.ndarray) -> int | None:
    mask = one_object(np.asarray(image))
    return None if mask is None else int(mask.sum())


def test_a_soft_edge_ends_where_it_is_half_as_strong_as_the_object():
    values = np.tile(np.array([0, 99, 101, 200, 200, 200, 60], np.uint8), (5, 1))
    mask = one_object(values)
    assert mask is not None
    assert mask[0].tolist() == [False, False, True, True, True, True, False]


@pytest.mark.parametrize("radius", [1, 3, 8, 15])
def test_an_edge_may_be_wide(radius):
    blurred = Image.fromarray(BLOCK).filter(ImageFilter.GaussianBlur(radius))
    assert area(blurred) == pytest.approx(2500, rel=0.12)


@pytest.mark.parametrize("times", [2, 3])
def test_an_edge_may_have_been_enlarged(times):
    enlarged = ellipses(255).resize((SIDE * times, SIDE * times), Image.Resampling.NEAREST)
    assert area(enlarged) == pytest.approx(FIRST_AREA * times**2, rel=0.02)


@pytest.mark.parametrize("shade", [60, 120, 200])
@pytest.mark.parametrize("resample", [Image.Resampling.LANCZOS, Image.Resampling.BOX, Image.Resampling.NEAREST])
def test_two_soft_objects_of_different_shades_are_not_one(shade, resample):
    assert area(ellipses(shade, 255, resample=resample)) is None
    assert area(ellipses(255, shade, resample=resample)) is None


@pytest.mark.parametrize("rows", [2, 3, 10])
def test_a_thin_bar_of_another_shade_is_an_area(rows):
    values = BLOCK.copy()
    values[80 : 80 + rows, 10:60] = 128
    assert area(values) is None


def test_noise_near_black_and_near_white_is_neither_object_nor_area():
    random = np.random.default_rng(0)
    assert area(np.where(BLOCK > 0, random.integers(252, 256, BLOCK.shape), random.integers(0, 4, BLOCK.shape))) == 2500
    assert area(np.where(BLOCK > 0, random.integers(254, 256, BLOCK.shape), random.integers(0, 2, BLOCK.shape))) == 2500


def test_few_dark_shades_were_drawn_and_are_no_noise():
    values = np.where(BLOCK > 0, 200, 0)
    values[80:90, 10:60] = 3
    assert area(values) is None


@pytest.mark.parametrize("quality", [40, 75, 95])
@pytest.mark.parametrize("colour", ["white", "red", "#30a060", "#8040c0"])
def test_what_came_through_a_jpeg_is_one_object(quality, colour):
    lossy = through_jpeg(ellipses(colour, mode="RGB"), quality)
    assert area(lossy) == pytest.approx(FIRST_AREA, rel=0.02)


@pytest.mark.parametrize("quality", [40, 75, 95])
def test_two_objects_that_came_through_a_jpeg_are_not_one(quality):
    assert area(through_jpeg(ellipses("red", "blue", mode="RGB"), quality)) is None
    assert area(through_jpeg(ellipses(120, 255), quality)) is None


def test_two_colours_are_not_one_object_however_strong():
    assert area(ellipses("red", "#00ff00", mode="RGB")) is None
    assert area(ellipses("red", "#800000", mode="RGB")) is None


def test_shades_of_one_colour_are_of_one_hue():
    assert are_of_one_hue(np.array([[0, 0, 0], [100, 20, 0], [201, 40, 1]], np.uint8))
    assert not are_of_one_hue(np.array([[0, 0, 0], [0, 0, 200], [200, 40, 0]], np.uint8))


def test_what_differs_from_most_neighbours_is_dithered():
    checkered = np.indices((6, 6)).sum(axis=0) % 2 + 1
    assert is_dithered(checkered)
    assert not is_dithered(np.repeat(checkered, 3, axis=1))
    assert not is_dithered(np.eye(6, dtype=int))  # a thin line
