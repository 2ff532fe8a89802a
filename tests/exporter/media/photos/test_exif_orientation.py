"""How the camera was held: EXIF's eight ways, in whichever kind of file, and a block that is broken."""

import numpy as np
import pytest
from PIL import Image

from exporter.errors import VitexportWarning
from exporter.media.photos.reading import read_photo

UPRIGHT = np.array([[0, 0, 0, 255, 255, 255], [0, 0, 0, 85, 85, 85], [0, 0, 0, 170, 170, 170]], np.uint8)
UPRIGHT = np.repeat(np.repeat(UPRIGHT, 16, axis=0), 16, axis=1)

TAKEN = {
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.T,
    6: np.rot90(UPRIGHT),
    7: np.rot90(UPRIGHT, 2).T,
    8: np.rot90(UPRIGHT, -1),
}
"""CIPA DC-008: orientation -> what the sensor saw, of which the first row is shown as the top, …"""

BROKEN = {
    "no header": b"Exif\0\0\0\x08\0\x02\x01\x12\0\x03",
    "cut in the header": b"Exif\0\0II",
    "cut in an entry": b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01",
    "points behind its end": b"Exif\0\0II*\0\xff\xff\0\0",
    "a value behind its end": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x05\0\x01\0\0\0\xff\xff\xff\x0f\0\0\0\0",
}


def save(path, pixels: np.ndarray, exif: bytes) -> None:
    Image.fromarray(np.ascontiguousarray(pixels)).convert("RGB").save(path, exif=exif, quality=100)


def orientation(number: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = number
    return exif.tobytes()


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.avif"])
@pytest.mark.parametrize("number", TAKEN)
def test_a_photo_is_set_upright(tmp_path, name, number):
    save(tmp_path / name, TAKEN[number], orientation(number))
    shown = np.asarray(read_photo(tmp_path / name)).astype(int)[..., 0]
    assert shown.shape == UPRIGHT.shape
    assert np.abs(shown - UPRIGHT).mean() < 3


@pytest.mark.parametrize("number", [0, 9, 65535])
def test_an_orientation_that_there_is_not_turns_nothing(tmp_path, number):
    save(tmp_path / "a.png", UPRIGHT, orientation(number))
    assert np.array_equal(np.asarray(read_photo(tmp_path / "a.png"))[..., 0], UPRIGHT)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_block_costs_the_turn_and_not_the_photo(tmp_path, name, how):
    save(tmp_path / name, UPRIGHT, BROKEN[how])
    with pytest.warns(VitexportWarning, match=rf"EXIF block of .*{name} is damaged, so the photo is not turned"):
        shown = read_photo(tmp_path / name)
    assert np.abs(np.asarray(shown).astype(int)[..., 0] - UPRIGHT).mean() < 3


def test_a_block_that_is_cut_behind_the_orientation_still_tells_it(tmp_path):
    cut = b"Exif\0\0II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
    save(tmp_path / "a.png", TAKEN[6], cut)
    assert np.array_equal(np.asarray(read_photo(tmp_path / "a.png"))[..., 0], UPRIGHT)


def test_an_empty_block_is_no_complaint(tmp_path):
    save(tmp_path / "a.jpg", UPRIGHT, b"Exif\0\0")
    assert read_photo(tmp_path / "a.jpg").size == UPRIGHT.shape[::-1]
