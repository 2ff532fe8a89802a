"""How large a photo may be: told from its header, with its size and the limit."""

import struct

import pytest
from PIL import Image

from exporter.budgets import PHOTO_MEMORY, PHOTO_PIXELS
from exporter.errors import ImageError
from exporter.media.photos.kinds import KINDS
from exporter.media.photos.limits import most_pixels
from exporter.media.photos.reading import read_photo
from tests.exporter.media.photos.png_files import png

KIND = {kind.name: kind for kind in KINDS}


@pytest.mark.parametrize("shorter", [None, 256])
def test_a_decompression_bomb_is_refused_with_its_size_and_the_limit(tmp_path, shorter):
    png(tmp_path / "bomb.png", 1, 0, (30000, 30000), b"\0" * 100)
    complaint = r"bomb\.png has 30000 x 30000 pixels, 900 million, and of such a PNG at most \d+ million can be read"
    with pytest.raises(ImageError, match=complaint):
        read_photo(tmp_path / "bomb.png", shorter)


def test_a_webp_of_more_than_pillow_opens_is_refused_in_our_words(tmp_path):
    Image.new("RGB", (16, 16)).save(tmp_path / "a.webp", lossless=True)
    chunks = (tmp_path / "a.webp").read_bytes()[12:]
    canvas = (20000 - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + canvas + canvas + chunks
    (tmp_path / "a.webp").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    with pytest.raises(ImageError, match=r"a\.webp is larger than what is read of a WebP: make it smaller"):
        read_photo(tmp_path / "a.webp")


COLOUR, GREY = Image.new("RGB", (8, 8)), Image.new("L", (8, 8))


def millions(image: Image.Image, kind: str, whole: bool = False, size: tuple[int, int] = (8, 8)) -> float:
    return most_pixels(size, image, KIND[kind], whole) / 1e6


def test_limits_follow_from_the_memory_that_decoding_takes():
    assert millions(COLOUR, "PNG") == pytest.approx(PHOTO_MEMORY.most / 4e6)
    assert millions(COLOUR, "PNG", whole=True) == pytest.approx(PHOTO_MEMORY.most / 16e6)
    assert millions(COLOUR, "WebP") == pytest.approx(PHOTO_MEMORY.most / 16.7e6)
    assert millions(GREY, "PNG") == PHOTO_PIXELS.most / 1e6
    assert millions(COLOUR, "JPEG", size=(64, 64)) == PHOTO_PIXELS.most / 1e6


def test_the_photos_of_phones_are_within_the_limits():
    for kind in ("JPEG", "PNG", "HEIC", "WebP"):
        assert millions(COLOUR, kind, whole=True) >= 8064 * 6048 / 1e6, kind
    assert millions(COLOUR, "PNG") >= 108


def test_of_a_progressive_jpeg_all_coefficients_are_held(tmp_path):
    for name, subsampling in {"420.jpg": "4:2:0", "444.jpg": "4:4:4"}.items():
        Image.new("RGB", (16, 16)).save(tmp_path / name, progressive=True, subsampling=subsampling)
    with Image.open(tmp_path / "420.jpg") as fewer, Image.open(tmp_path / "444.jpg") as more:
        assert millions(fewer, "JPEG", size=(16, 16)) == pytest.approx(PHOTO_MEMORY.most / 7e6)
        assert millions(more, "JPEG", size=(16, 16)) == pytest.approx(PHOTO_MEMORY.most / 10e6)
