"""Files that are no photos, or damaged ones: each a sentence that says what to do."""

import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from exporter.errors import ImageError
from exporter.media.photos.reading import read_photo
from tests.exporter.media.videos.clips import noise

TIFF = struct.pack("<2sHIH", b"II", 42, 8, 0) + bytes(4)

OTHERS = {
    "empty.jpg": (b"", "is an empty file: copy or download it again"),
    "pointer.jpg": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "a git-lfs pointer instead of the file: fetch it with",
    ),
    "page.jpg": (b"\n<!DOCTYPE html><html>404</html>", "is a web page and no picture: download the picture itself"),
    "drawing.svg": (b'<?xml version="1.0"?>\n<svg></svg>', "is an SVG drawing: export it"),
    "plain.svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "is an SVG drawing: export it"),
    "page.pdf": (b"%PDF-1.7\n", "is a PDF: export it"),
    "drawing.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is PostScript: export it"),
    "layers.psd": (b"8BPS\0\1", "is a Photoshop document: export it"),
    "photo.jxl": (b"\xff\x0a\0\0", "is JPEG XL, which is not read: save it as PNG or JPEG"),
    "boxed.jxl": (b"\0\0\0\x0cJXL \r\n\x87\n", "is JPEG XL"),
    "clip.mp4": (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", "is a video: pass a photo, or follow an object"),
    "clip.mov": (b"\0\0\0\x14ftypqt  ", "is a video"),
    "clip.webm": (b"\x1aE\xdf\xa3", "is a video"),
    "raw.dng": (TIFF, "is a camera's raw file: develop it"),
    "RAW.NEF": (TIFF, "is a camera's raw file"),
    "unnamed": (b"II*\0\x10\0\0\0CR\2\0", "is a camera's raw file"),
    "raw.cr3": (b"\0\0\0\x18ftypcrx \0\0\0\1", "is a camera's raw file"),
    "raw.raf": (b"FUJIFILMCCD-RAW 0201", "is a camera's raw file"),
    "array.npy": (b"\x93NUMPY\1\0", "is an array of NumPy"),
    "text.jpg": (b"no picture", "is no picture of a kind that is read: pass one of JPEG, PNG, WebP"),
    "header.png": (b"\x89PNG\r\n\x1a\n", "header.png is"),
    "header.jpg": (b"\xff\xd8\xff", "header.jpg is"),
    "header.webp": (b"RIFF\0\0\0\0WEBP", "is a damaged WebP"),
    "header.avif": (b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", "header.avif is cut off"),
    "header.tif": (TIFF, "is a damaged TIFF"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_photo_is_a_sentence_that_says_what_to_do(tmp_path, name):
    content, complaint = OTHERS[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageError, match=complaint) as raised:
        read_photo(tmp_path / name)
    assert "\n" not in str(raised.value)
    assert str(raised.value).endswith(".")


def test_what_is_no_file_is_a_clear_error(tmp_path):
    with pytest.raises(ImageError, match=r"There is no image .*none\.jpg: pass the name of a file"):
        read_photo(tmp_path / "none.jpg")
    with pytest.raises(ImageError, match="is a folder: pass one file"):
        read_photo(tmp_path)
    with pytest.raises(ImageError, match="cannot be read"):
        read_photo(tmp_path / ("a" * 300))


NOBODY = 65534


@pytest.fixture
def not_root():
    """Root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"secret")
    path.chmod(0)
    return path


def test_a_photo_that_may_not_be_read_is_a_clear_error(secret, not_root):
    with pytest.raises(ImageError, match="check its name and its permissions"):
        read_photo(secret)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.bmp", "a.gif"])
def test_a_photo_that_is_cut_off_is_not_shown_half(tmp_path, name):
    Image.fromarray(noise(64, 64, 1)[0]).save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageError, match="is cut off: copy or download it again"):
        read_photo(tmp_path / name)


def test_a_damaged_chunk_is_a_sentence(tmp_path):
    Image.fromarray(noise(64, 64, 1)[0]).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    for at, damage in ((content.index(b"IDAT"), b"\0\1\2\3"), (content.index(b"IDAT") + 200, b"\0" * 40)):
        (tmp_path / "a.png").write_bytes(content[:at] + damage + content[at + len(damage) :])
        with pytest.raises(ImageError, match="is a damaged PNG, or of an unusual kind"):
            read_photo(tmp_path / "a.png")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", ["zTXt", "iTXt"])
def test_a_large_text_beside_the_pixels_is_left_out(tmp_path, kind, after):
    pixels = noise(16, 16, 1)[0]
    text = zlib.compress(bytes(3 * 2**20))
    body = b"Comment\0\0" + text if kind == "zTXt" else b"XML:com.adobe.xmp\0\1\0\0\0" + text
    info = PngImagePlugin.PngInfo()
    info.add(kind.encode(), body, after_idat=after)
    Image.fromarray(pixels).save(tmp_path / "a.png", pnginfo=info)
    assert np.array_equal(read_photo(tmp_path / "a.png"), pixels)


def test_a_large_colour_profile_is_left_out(tmp_path):
    pixels = noise(16, 16, 1)[0]
    Image.fromarray(pixels).save(tmp_path / "a.png", icc_profile=bytes(3 * 2**20))
    assert np.array_equal(read_photo(tmp_path / "a.png"), pixels)
