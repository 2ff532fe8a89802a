"""Photos as people have them: upright, of the first frame, and reduced only where that changes next to nothing."""

import struct
import subprocess
import sys

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from exporter.errors import ImageError
from exporter.manifest import Preprocessing
from exporter.media.images import classifier_input, read_classifier_input, sample_photo
from exporter.media.photos.limits import LARGE
from exporter.media.photos.reading import LONGEST, read_photo

BICUBIC = Preprocessing(resize="shorter_side_then_center_crop", crop_pct=0.9, interpolation="bicubic")


def test_an_ordinary_photo_is_decoded_as_it_is(tmp_path):
    with Image.open(sample_photo("china.jpg")) as image:
        expected = np.asarray(image)
    assert np.array_equal(read_photo(sample_photo("china.jpg")), expected)
    assert np.array_equal(read_photo(sample_photo("china.jpg"), shorter=32), expected)


def test_of_several_frames_the_first_is_read(tmp_path):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    for name in ("a.gif", "a.webp", "a.png", "a.tif", "a.mpo"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        assert np.abs(np.asarray(read_photo(tmp_path / name))[0, 0].astype(int) - (255, 0, 0)).max() <= 1, name


def test_the_content_tells_the_kind_whatever_the_name(tmp_path):
    Image.new("RGB", (9, 7), "red").save(tmp_path / "a.jpg", format="PNG")
    assert read_photo(tmp_path / "a.jpg").size == (9, 7)


def test_a_heic_photo_is_read_and_turned(tmp_path):
    image = Image.new("RGB", (64, 32), "red")
    image.paste("blue", (32, 0, 64, 32))
    exif = image.getexif()
    exif[0x0112] = 6
    pillow_heif.register_heif_opener()  # for the writer: reading needs none
    image.save(tmp_path / "a.heic", quality=90, exif=exif.tobytes())
    shown = read_photo(tmp_path / "a.heic")
    assert shown.size == (32, 64)
    assert np.abs(np.asarray(shown)[4, 16].astype(int) - (255, 0, 0)).max() < 20


def test_without_its_reader_a_heic_photo_is_a_sentence_that_names_it(tmp_path, monkeypatch):
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match=r"pillow_heif is not installed: pip install 'vitexport\[heic\]', or save it"):
        read_photo(tmp_path / "a.heic")


def test_the_reader_of_heic_is_imported_for_a_heic_photo_only(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    code = (
        "import sys; from exporter.media.photos.reading import read_photo; read_photo(sys.argv[1]); "
        "sys.exit('pillow_heif' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.png")], check=True)


@pytest.mark.parametrize("size", [(20000, 1), (1, 20000), (3, 1000), (3000, 20)])
def test_of_a_long_photo_only_the_middle_is_resized(tmp_path, size):
    pixels = np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "line.png")
    assert sorted(read_photo(tmp_path / "line.png", shorter=35).size) == [min(size), LONGEST * min(size)]
    image = read_classifier_input(tmp_path / "line.png", 32, BICUBIC)
    assert image.shape == (1, 3, 32, 32)
    assert np.array_equal(image, classifier_input(Image.fromarray(pixels), 32, BICUBIC))


def enlarged(width: int, height: int) -> Image.Image:
    with Image.open(sample_photo("china.jpg")) as image:
        return image.resize((width, height), Image.Resampling.BILINEAR)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("name", ["large.jpg", "large.png"])
def test_a_large_photo_is_to_a_classifier_what_it_was_before_it_is_reduced(tmp_path, monkeypatch, name, orientation):
    image = enlarged(1201, 811)
    exif = image.getexif()
    exif[0x0112] = orientation
    image.save(tmp_path / name, quality=95, exif=exif)
    expected = read_classifier_input(tmp_path / name, 32, BICUBIC)
    monkeypatch.setattr("exporter.media.photos.reading.LARGE", 500_000)
    assert min(read_photo(tmp_path / name, shorter=35).size) == 35
    seen = read_classifier_input(tmp_path / name, 32, BICUBIC)
    assert np.abs(seen - expected).mean() < 0.5
    assert np.abs(seen - expected).max() < 6


def test_of_a_large_long_photo_the_middle_is_reduced(tmp_path, monkeypatch):
    image = Image.new("L", (4000, 200), 50)
    image.paste(200, (1950, 0, 2050, 200))
    image.save(tmp_path / "a.png")
    monkeypatch.setattr("exporter.media.photos.reading.LARGE", 500_000)
    seen = read_classifier_input(tmp_path / "a.png", 32, BICUBIC)[0, 0]
    assert seen[:, 9:23].min() >= 195
    assert seen[:, :7].max() <= 55
    assert seen[:, 25:].max() <= 55


def test_a_long_deep_picture_keeps_its_range(tmp_path):
    grey = Image.fromarray(np.full((10, 400), 4095, np.uint16))
    grey.save(tmp_path / "a.tif")
    assert np.asarray(read_photo(tmp_path / "a.tif", shorter=35)).max() == 16
    content = (tmp_path / "a.tif").read_bytes()
    bits = content.index(struct.pack("<HHI", 258, 3, 1)) + 8
    inverted = content.index(struct.pack("<HHI", 262, 3, 1)) + 8
    assert (content[bits], content[inverted]) == (16, 1)
    (tmp_path / "a.tif").write_bytes(content[:inverted] + b"\0" + content[inverted + 1 :])
    assert np.asarray(read_photo(tmp_path / "a.tif", shorter=35)).min() == 239


def test_a_photo_of_a_phone_s_hundred_million_pixels_is_reduced_as_it_is_decoded(tmp_path):
    """In a process of its own, whose memory is measured."""
    Image.new("L", (12000, 9000), 200).save(tmp_path / "a.jpg")
    assert LARGE < 12000 * 9000
    code = (
        "import sys\n"
        "from exporter.media.photos.reading import read_photo\n"
        "from tests.exporter.media.peak_memory import peak_megabytes\n"
        "before = peak_megabytes()\n"
        "print(read_photo(sys.argv[1], 284).size, peak_megabytes() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.jpg")], capture_output=True, text=True)
    size, _, megabytes = done.stdout.rpartition(" ")
    assert size == "(378, 284)"
    assert float(megabytes) < 100
