"""Masks as people have them: one object or several, soft edges, void, and what is doubtful."""

import warnings

import numpy as np
import pytest
from PIL import Image, ImageDraw

from exporter.errors import ImageError
from exporter.media.mask_files import MOST_OBJECTS, read_masks
from exporter.media.masks import PALETTE, write_label_png
from tests.exporter.media.videos.clips import noise

LABELS = np.zeros((20, 24), np.uint8)
LABELS[2:8, 2:8], LABELS[10:18, 10:20] = 1, 2
SQUARE = LABELS == 1


def save(path, values: np.ndarray, palette: np.ndarray | None = None):
    image = Image.fromarray(values)
    if palette is not None:
        image.putpalette(palette.astype(np.uint8).tobytes())
    image.save(path)
    return path


def sizes(path) -> list[int]:
    return [int(mask.sum()) for mask in read_masks(path).values()]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_mask_of_one_object_is_what_is_not_zero(tmp_path, mode):
    if mode == "P":
        image = Image.fromarray(SQUARE.astype(np.uint8))
        image.putpalette([0, 0, 0, 200, 60, 60])
    elif mode == "I;16":
        image = Image.fromarray(SQUARE.astype(np.uint16) * 65535)
    else:
        image = Image.fromarray(SQUARE.astype(np.uint8) * 255).convert(mode)
    image.save(tmp_path / "mask.png")
    (mask,) = read_masks(tmp_path / "mask.png").values()
    assert mask.dtype == np.bool_
    assert np.array_equal(mask, SQUARE)


def test_what_is_transparent_is_no_object(tmp_path):
    pixels = np.full((4, 4, 4), 255, np.uint8)
    pixels[:2, :, 3] = 0
    (mask,) = read_masks(save(tmp_path / "mask.png", pixels)).values()
    assert mask.tolist() == [[False] * 4] * 2 + [[True] * 4] * 2


def test_our_own_masks_hold_an_object_for_each_number(tmp_path):
    write_label_png(tmp_path / "labels.png", LABELS)
    first, second = read_masks(tmp_path / "labels.png").values()
    assert np.array_equal(first, LABELS == 1)
    assert np.array_equal(second, LABELS == 2)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_small_numbers_in_grey_are_objects(tmp_path, dtype):
    assert sizes(save(tmp_path / "labels.png", LABELS.astype(dtype) * 3)) == [36, 80]


def test_the_colours_of_davis_are_numbers_without_a_palette_too(tmp_path):
    assert sizes(save(tmp_path / "labels.png", PALETTE[LABELS])) == [36, 80]


def test_an_object_may_be_named_by_its_number(tmp_path):
    write_label_png(tmp_path / "labels.png", LABELS)
    (second,) = read_masks(tmp_path / "labels.png", 2).values()
    assert np.array_equal(second, LABELS == 2)
    for number in (0, 3):
        with pytest.raises(ImageError, match=rf"holds objects 1, 2 and no object {number}: name one that it holds"):
            read_masks(tmp_path / "labels.png", number)


@pytest.mark.parametrize("palette", [PALETTE, np.vstack([PALETTE[:255], [[255, 255, 255]]])])
def test_void_is_no_object_where_there_is_a_palette(tmp_path, palette):
    labels = LABELS.copy()
    labels[labels == 2] = 255
    assert sizes(save(tmp_path / "mask.png", labels, palette)) == [36]


def test_void_may_be_in_the_colours_of_davis(tmp_path):
    labels = LABELS.copy()
    labels[0] = 255
    assert sizes(save(tmp_path / "mask.png", PALETTE[labels])) == [36, 80]


def test_of_void_alone_there_is_no_object(tmp_path):
    with pytest.raises(ImageError, match="holds no object, only void"):
        read_masks(save(tmp_path / "mask.png", SQUARE.astype(np.uint8) * 255, PALETTE))


def test_white_in_a_palette_of_greys_is_an_object(tmp_path):
    ramp = np.repeat(np.arange(256)[:, None], 3, axis=1)
    assert sizes(save(tmp_path / "mask.png", SQUARE.astype(np.uint8) * 255, ramp)) == [36]


def as_black_and_white_palettes() -> list[Image.Image]:
    white = Image.fromarray(SQUARE.astype(np.uint8) * 255)
    indexed = Image.fromarray((~SQUARE).astype(np.uint8))
    indexed.putpalette([255, 255, 255, 0, 0, 0])
    return [
        white.quantize(2),
        white.convert("P", palette=Image.Palette.ADAPTIVE, colors=2),
        white.convert("P"),
        indexed,
    ]


@pytest.mark.parametrize("image", as_black_and_white_palettes())
def test_in_a_palette_of_black_and_white_white_is_the_object_whatever_its_index(tmp_path, image):
    image.save(tmp_path / "mask.png")
    (mask,) = read_masks(tmp_path / "mask.png").values()
    assert np.array_equal(mask, SQUARE)


def test_a_palette_in_which_background_is_not_first_is_read_by_its_colours(tmp_path):
    Image.fromarray(PALETTE[LABELS]).quantize(8).save(tmp_path / "mask.png")
    assert sizes(tmp_path / "mask.png") == [36, 80]


def test_a_palette_in_which_zero_is_black_holds_numbers_whatever_the_colours(tmp_path):
    palette = np.array([[0, 0, 0], [31, 119, 180], [255, 127, 14]])
    assert sizes(save(tmp_path / "mask.png", LABELS, palette)) == [36, 80]


def test_a_palette_without_colours_holds_numbers(tmp_path):
    assert sizes(save(tmp_path / "mask.png", LABELS, np.zeros((3, 3)))) == [36, 80]


def test_other_palettes_are_a_question(tmp_path):
    white, blue, red = [255, 255, 255], [31, 119, 180], [214, 39, 40]
    with pytest.raises(ImageError, match=r"areas in 3 colours .* which may be one object or several"):
        read_masks(save(tmp_path / "mask.png", LABELS, np.array([white, blue, red])))
    Image.fromarray(PALETTE[LABELS]).convert("P").save(tmp_path / "dithered.png")
    with pytest.raises(ImageError, match=r"areas in 4 colours"):
        read_masks(tmp_path / "dithered.png")


def circle(supersampled: int, resample: Image.Resampling, colour="white", mode="L") -> Image.Image:
    image = Image.new(mode, (64 * supersampled, 64 * supersampled))
    ImageDraw.Draw(image).ellipse([10 * supersampled, 10 * supersampled, 50 * supersampled, 45 * supersampled], colour)
    return image.resize((64, 64), resample)


@pytest.mark.parametrize(
    "image",
    [
        circle(8, Image.Resampling.LANCZOS),
        circle(2, Image.Resampling.BOX),
        circle(4, Image.Resampling.BICUBIC, mode="RGB"),
        circle(4, Image.Resampling.BICUBIC, "red", "RGB"),
        circle(4, Image.Resampling.BOX).quantize(16),
        circle(8, Image.Resampling.LANCZOS, "red", "RGB").quantize(16),
    ],
)
def test_a_mask_with_smooth_edges_is_one_object(tmp_path, image):
    image.save(tmp_path / "mask.png")
    (mask,) = read_masks(tmp_path / "mask.png").values()
    assert mask.sum() == pytest.approx(np.pi * 20 * 17.5, rel=0.05)


@pytest.mark.parametrize("values", [LABELS * 100, np.where(LABELS == 1, 3, LABELS * 100).astype(np.uint8)])
def test_areas_in_several_shades_are_a_question(tmp_path, values):
    with pytest.raises(ImageError, match=r"areas in 2 shades \(\d+, 200\), which may be one object or several"):
        read_masks(save(tmp_path / "mask.png", values))


def test_areas_in_colours_that_are_not_davis_s_are_a_question(tmp_path):
    colours = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0]], np.uint8)
    with pytest.raises(ImageError, match=r"areas in 2 colours \(#00ff00, #ff0000\), which may be"):
        read_masks(save(tmp_path / "mask.png", colours[LABELS]))


def test_of_more_objects_than_anyone_draws_one_has_to_be_named(tmp_path):
    labels = np.arange(MOST_OBJECTS + 2, dtype=np.uint8)[None]
    write_label_png(tmp_path / "many.png", labels)
    with pytest.raises(ImageError, match=rf"holds {MOST_OBJECTS + 1} objects: name one, such as .*many\.png:1"):
        read_masks(tmp_path / "many.png")
    assert read_masks(tmp_path / "many.png", 7)[7].sum() == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (2, 2)])
def test_the_smallest_masks_are_read(tmp_path, shape):
    values = np.zeros(shape, np.uint8)
    values[0, 0] = 255
    assert sizes(save(tmp_path / "mask.png", values)) == [1]


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0broken", b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\3\0\1\0\0\0\6\0\0\0\0\0\0\0"]
)
def test_a_mask_is_not_turned_and_does_not_warn_of_it(tmp_path, exif):
    Image.fromarray(SQUARE).save(tmp_path / "mask.png", exif=exif)
    with warnings.catch_warnings(action="error"):
        (mask,) = read_masks(tmp_path / "mask.png").values()
    assert np.array_equal(mask, SQUARE)


def test_a_black_mask_marks_nothing(tmp_path):
    assert sizes(save(tmp_path / "mask.png", np.zeros((4, 4), np.uint8))) == [0]


def test_what_is_no_mask_is_a_clear_error(tmp_path):
    with pytest.raises(ImageError, match="There is no mask"):
        read_masks(tmp_path / "none.png")
    Image.new("L", (8, 8)).save(tmp_path / "mask.jpg")
    with pytest.raises(ImageError, match="is not a PNG"):
        read_masks(tmp_path / "mask.jpg")
    Image.fromarray(noise(64, 64, 1)[0]).save(tmp_path / "mask.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "mask.png").read_bytes()[:1000])
    with pytest.raises(ImageError, match="is cut off"):
        read_masks(tmp_path / "cut.png")


def test_objects_are_called_by_their_numbers(tmp_path):
    path = save(tmp_path / "mask.png", np.where(LABELS == 2, 5, LABELS).astype(np.uint8), PALETTE)
    assert list(read_masks(path)) == [1, 5]


def test_a_number_that_is_named_makes_numbers_of_shades(tmp_path):
    path = save(tmp_path / "mask.png", np.where(LABELS == 2, 255, LABELS).astype(np.uint8))
    with pytest.raises(ImageError, match="which may be one object or several"):
        read_masks(path)
    assert int(read_masks(path, 1)[1].sum()) == (LABELS == 1).sum()


def test_a_cut_out_of_black_has_the_shape_of_its_alpha(tmp_path):
    pixels = np.zeros((*SQUARE.shape, 4), np.uint8)
    pixels[..., 3] = SQUARE * 255
    (mask,) = read_masks(save(tmp_path / "mask.png", pixels)).values()
    assert np.array_equal(mask, SQUARE)
