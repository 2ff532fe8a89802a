"""Any mode of a picture as RGB of eight bits: by the true range of grey, over white."""

import struct

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from exporter.errors import ImageError
from exporter.media.photos.colours import BACKGROUND
from exporter.media.photos.reading import read_photo
from tests.exporter.media.photos.png_files import png

GREY = np.array([[0, 1, 50, 128], [200, 254, 255, 77]], np.uint8)
"""Grey of eight bits, of which those below are made, and which they must become again"""


def grey_of(path) -> np.ndarray:
    pixels = np.asarray(read_photo(path))
    assert (pixels == pixels[..., :1]).all()
    return pixels[..., 0]


def tiff(path, values: np.ndarray, **tags):
    """`tags` are numbers of TIFF tags, behind an underscore."""
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for name, (kind, value) in tags.items():
        info.tagtype[int(name[1:])] = kind
        info[int(name[1:])] = value
    Image.fromarray(values).save(path, tiffinfo=info)
    return path


def test_grey_of_sixteen_bits_is_scaled_by_them(tmp_path):
    deep = GREY.astype(np.uint16) * 257
    for name in ("a.png", "a.tif", "a.jp2"):
        Image.fromarray(deep).save(tmp_path / name)
        assert np.array_equal(grey_of(tmp_path / name), GREY), name
    (tmp_path / "a.pgm").write_bytes(b"P5 4 2 65535 " + deep.astype(">u2").tobytes())
    assert np.array_equal(grey_of(tmp_path / "a.pgm"), GREY)
    Image.frombytes("I;16B", (4, 2), deep.astype(">u2").tobytes()).save(tmp_path / "b.tif")
    assert np.array_equal(grey_of(tmp_path / "b.tif"), GREY)


def test_a_dark_picture_of_sixteen_bits_stays_dark(tmp_path):
    Image.fromarray(GREY.astype(np.uint16)).save(tmp_path / "dark.png")
    assert grey_of(tmp_path / "dark.png").max() == 1
    (tmp_path / "dark.pgm").write_bytes(b"P5 4 2 65535 " + GREY.astype(">u2").tobytes())
    assert grey_of(tmp_path / "dark.pgm").max() == 1


def test_colour_of_sixteen_bits_is_scaled_by_them(tmp_path):
    deep = np.stack([GREY] * 3, axis=-1).astype(">u2") * 257
    rows = b"".join(b"\0" + row.tobytes() for row in deep)
    assert np.array_equal(grey_of(png(tmp_path / "a.png", 16, 2, (4, 2), rows)), GREY)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_grey_of_few_bits_is_scaled_by_them(tmp_path, bits):
    most = 2**bits - 1
    rows = b"\0" + bytes([0b00011011 if bits == 2 else 0x0F if bits == 4 else 0b01000000])
    shown = grey_of(png(tmp_path / "a.png", bits, 0, (2, 1), rows)).tolist()
    assert shown == [[0, 255 // most if bits == 2 else 255]]


@pytest.mark.parametrize("top", [1, 255, 1023, 4095, 16383, 65535])
def test_floats_are_scaled_by_the_usual_range_near_whose_top_they_end(tmp_path, top):
    assert np.array_equal(grey_of(tiff(tmp_path / "a.tif", GREY.astype(np.float32) / 255 * top)), GREY)
    half = GREY.astype(np.float32) / 255 * top / 2
    assert np.abs(grey_of(tiff(tmp_path / "b.tif", half)).astype(int) - GREY // 2).max() <= 1


@pytest.mark.parametrize("top", [1e-20, 0.05, 1.0001, 2, 100, 256, 300, 1030, 100_000, 1e30])
def test_floats_that_end_elsewhere_are_scaled_by_their_greatest(tmp_path, top):
    shown = grey_of(tiff(tmp_path / "a.tif", GREY.astype(np.float32) / 255 * top)).astype(int)
    assert np.abs(shown - GREY).max() <= 2


def test_a_dark_picture_of_floats_up_to_one_stays_dark(tmp_path):
    assert grey_of(tiff(tmp_path / "a.tif", GREY.astype(np.float32) / 255 * 0.3)).max() == 76


@pytest.mark.parametrize("top", [1, 255, 65535])
def test_where_a_filter_made_edges_steeper_black_and_white_stay_what_they_are(tmp_path, top):
    values = np.array([[-0.06, 0, 0.5, 1, 1.07]], np.float32) * top
    assert grey_of(tiff(tmp_path / "a.tif", values)).tolist() == [[0, 0, 128, 255, 255]]


def test_floats_are_scaled_by_what_the_file_states(tmp_path):
    stated = {"_340": (12, -1.0), "_341": (12, 3.0)}
    path = tiff(tmp_path / "a.tif", np.array([[-1, 0, 1, 3]], np.float32), **stated)
    assert grey_of(path).tolist() == [[0, 64, 128, 255]]


def test_floats_below_zero_are_scaled_from_the_least_to_the_greatest(tmp_path):
    assert grey_of(tiff(tmp_path / "a.tif", np.array([[-50, -10, 50]], np.float32))).tolist() == [[0, 102, 255]]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(tmp_path, value):
    path = tiff(tmp_path / "a.tif", np.array([[0, value, 1]], np.float32))
    with pytest.raises(ImageError, match=r"a\.tif has values that are no numbers"):
        read_photo(path)


@pytest.mark.parametrize("top", [255, 300, 1023, 4095, 65535, 100_000, 2**31 - 1])
def test_integers_of_32_bits_are_scaled_by_where_they_end(tmp_path, top):
    shown = grey_of(tiff(tmp_path / "a.tif", (GREY / 255 * top).round().astype(np.int32)))
    assert np.abs(shown.astype(int) - GREY).max() <= (top not in (255, 65535, 2**31 - 1))


def test_a_dark_picture_of_twelve_bits_among_32_stays_dark(tmp_path):
    assert grey_of(tiff(tmp_path / "a.tif", np.array([[0, 3000]], np.int32))).tolist() == [[0, 187]]


def test_integers_of_32_bits_without_sign_may_be_larger_than_pillow_s(tmp_path):
    values = (GREY / 255 * (2**32 - 1)).round().astype(np.uint32)
    content = bytearray(tiff(tmp_path / "a.tif", values.view(np.int32)).read_bytes())
    # The tag SampleFormat, a short: 2 is with a sign, 1 without.
    at = content.index(struct.pack("<HHI", 339, 3, 1)) + 8
    assert content[at] == 2
    content[at] = 1
    (tmp_path / "a.tif").write_bytes(content)
    assert np.array_equal(grey_of(tmp_path / "a.tif"), GREY)


def test_a_tiff_in_which_zero_is_white_is_not_shown_as_a_negative(tmp_path):
    for values in (GREY.astype(np.uint16) * 257, GREY.astype(np.float32)):
        content = bytearray(tiff(tmp_path / "a.tif", values).read_bytes())
        at = content.index(struct.pack("<HHI", 262, 3, 1)) + 8
        assert content[at] == 1
        content[at] = 0
        (tmp_path / "a.tif").write_bytes(content)
        assert np.array_equal(grey_of(tmp_path / "a.tif"), 255 - GREY)


def hidden(colour: tuple[int, int, int]) -> Image.Image:
    """A red square, and around it nothing, under which a colour is."""
    image = Image.new("RGBA", (8, 8), (*colour, 0))
    image.paste((200, 30, 40, 255), (2, 2, 6, 6))
    return image


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tif"])
def test_what_is_transparent_is_the_background_whatever_colour_is_under_it(tmp_path, name):
    shown = []
    for colour in [(0, 0, 0), (20, 230, 20)]:
        hidden(colour).save(tmp_path / name, lossless=True, exact=True)
        shown.append(np.asarray(read_photo(tmp_path / name)))
    assert (shown[0][0, 0] == BACKGROUND).all()
    assert shown[0][4, 4].tolist() == [200, 30, 40]
    assert np.array_equal(*shown)


@pytest.mark.parametrize("mode", ["LA", "PA", "RGBA"])
def test_half_transparent_pixels_are_mixed_with_the_background(tmp_path, mode):
    image = Image.new("RGBA", (4, 4), (100, 100, 100, 51)).convert(mode)
    name = "a.tif" if mode == "PA" else "a.png"
    image.save(tmp_path / name)
    assert np.abs(np.asarray(read_photo(tmp_path / name)).astype(int) - (100 + 4 * 255) // 5).max() <= 1


def test_palettes_may_be_transparent_in_one_entry_or_by_degrees(tmp_path):
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8))
    image.putpalette([10, 20, 30, 100, 100, 100, 0, 0, 0])
    image.save(tmp_path / "one.png", transparency=0)
    assert np.asarray(read_photo(tmp_path / "one.png")).tolist() == [[list(BACKGROUND), [100] * 3, [0] * 3]]
    image.save(tmp_path / "degrees.png", transparency=bytes([255, 51, 0]))
    assert np.asarray(read_photo(tmp_path / "degrees.png")).tolist() == [[[10, 20, 30], [224] * 3, list(BACKGROUND)]]
    image.save(tmp_path / "one.gif", transparency=2)
    assert np.asarray(read_photo(tmp_path / "one.gif")).tolist() == [[[10, 20, 30], [100] * 3, list(BACKGROUND)]]


@pytest.mark.parametrize(
    ("bits", "colour_type", "rows", "key"),
    [
        (1, 0, bytes([0, 0b01000000]), struct.pack(">H", 0)),
        (2, 0, bytes([0, 0b01100000]), struct.pack(">H", 1)),
        (4, 0, bytes([0, 0x5A]), struct.pack(">H", 5)),
        (8, 0, bytes([0, 5, 77]), struct.pack(">H", 5)),
        (16, 0, bytes([0, 5, 5, 77, 77]), struct.pack(">H", 0x0505)),
        (8, 2, bytes([0, 5, 6, 7, 77, 77, 77]), struct.pack(">3H", 5, 6, 7)),
        (16, 2, bytes([0, 5, 5, 6, 6, 7, 7, *[77] * 6]), struct.pack(">3H", 0x0505, 0x0606, 0x0707)),
    ],
)
def test_one_colour_may_stand_for_transparency_whatever_the_bits(tmp_path, bits, colour_type, rows, key):
    first, second = np.asarray(read_photo(png(tmp_path / "a.png", bits, colour_type, (2, 1), rows, (b"tRNS", key))))[0]
    assert first.tolist() == list(BACKGROUND)
    assert second.tolist() == [{1: 255, 2: 170, 4: 170, 8: 77, 16: 77}[bits]] * 3


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "LAB", "RGBX"])
def test_other_modes_keep_their_colours(tmp_path, mode):
    image = Image.new("RGB", (8, 8), (255, 255, 255) if mode == "1" else (200, 200, 200))
    if mode == "LAB":
        image = Image.new("LAB", (8, 8), (80 * 255 // 100, 128, 128))
    else:
        image = image.convert(mode, palette=Image.Palette.ADAPTIVE)
    image.save(tmp_path / "a.tif")
    shown = np.asarray(read_photo(tmp_path / "a.tif"))
    assert np.abs(shown.astype(int) - (255 if mode == "1" else 200)).max() <= 3


def test_a_cmyk_jpeg_is_not_shown_as_a_negative(tmp_path):
    Image.new("CMYK", (8, 8), (0, 0, 0, 55)).save(tmp_path / "a.jpg", quality=100)
    assert np.abs(np.asarray(read_photo(tmp_path / "a.jpg")).astype(int) - 200).max() <= 2


def test_a_large_picture_is_the_same_as_its_parts(tmp_path):
    """It is made strip by strip."""
    noise = np.random.default_rng(0).integers(0, 65536, (1501, 1499), np.uint16)
    Image.fromarray(noise).save(tmp_path / "a.png", compress_level=0)
    shown = grey_of(tmp_path / "a.png")
    assert np.array_equal(shown, np.rint(noise / 257).astype(np.uint8))
