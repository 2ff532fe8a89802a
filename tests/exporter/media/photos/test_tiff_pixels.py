"""TIFF files of all pixel formats: read, whatever their byte order, or refused by name."""

import numpy as np
import pytest

from exporter.errors import ImageError
from exporter.media.photos.reading import read_photo
from tests.exporter.media.photos.tiffs import write_tiff

SHARES = np.array([[0, 0.011, 0.197, 0.503], [0.784, 0.996, 1, 0.303]])
"""Of white, none of which is the same with its bytes in reverse"""


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64])
def test_grey_is_read_in_either_byte_order(tmp_path, dtype, photometric, compressed, order):
    white = 1 if dtype in (np.float32, np.float64) else np.iinfo(dtype).max
    path = write_tiff(tmp_path / "a.tif", (SHARES * white).astype(dtype), order, photometric, compressed)
    expected = SHARES if photometric else 1 - SHARES
    assert np.abs(np.asarray(read_photo(path))[..., 0] - expected * 255).max() <= 1


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("dtype", "samples", "named"),
    [
        (np.float16, 1, r"1 sample of 16 bits \(float\)"),
        (np.uint64, 1, r"1 sample of 64 bits \(unsigned\)"),
        (np.uint16, 2, r"2 samples of 16 bits \(unsigned\)"),
        (np.float32, 3, r"3 samples of 32 bits \(float\)"),
        (np.int16, 3, r"3 samples of 16 bits \(signed\)"),
    ],
)
def test_pixels_that_are_not_read_are_named(tmp_path, dtype, samples, named, order):
    path = write_tiff(tmp_path / "a.tif", np.ones((2, 3, samples), dtype), order, 2 if samples == 3 else 1)
    with pytest.raises(ImageError, match=rf"a\.tif has {named} a pixel, which is not read: convert it to 8 or 16 bits"):
        read_photo(path)
