"""Decoded frames as RGB, whatever they are stored as."""

import numpy as np
import pytest

from exporter.errors import VideoError
from exporter.media.videos.colours import Colours

av = pytest.importorskip("av")


def rgb(frame):
    return Colours().rgb(frame)


COLOUR = np.array((200, 60, 30))
# Shares of red and blue in luma, by colour space: BT.601, BT.709, BT.2020.
BT601, BT709, BT2020 = (0.299, 0.114), (0.2126, 0.0722), (0.2627, 0.0593)
UNSPECIFIED, RESERVED = 2, 3


def yuv(weights, full, bits):
    """COLOUR as luma and chroma, as ITU-R BT.601 §2.5, BT.709 §3 and BT.2020 table 4 have it."""
    (red, blue), (r, g, b), scale = weights, COLOUR / 255, 2 ** (bits - 8)
    luma = red * r + (1 - red - blue) * g + blue * b
    chroma = (b - luma) / (2 - 2 * blue), (r - luma) / (2 - 2 * red)
    if full:
        most = 2**bits - 1
        return [luma * most, *(one * most + 128 * scale for one in chroma)]
    return [(16 + 219 * luma) * scale, *((128 + 224 * one) * scale for one in chroma)]


def frame(values, pixels, space, bits=8, full=False, height=16):
    made = av.VideoFrame(16, height, pixels)
    for plane, value in zip(made.planes, values, strict=True):
        kind = np.uint8 if bits == 8 else np.dtype("<u2")
        plane.update(np.full(plane.buffer_size // np.dtype(kind).itemsize, round(value), kind).tobytes())
    made.colorspace, made.color_range = space, 2 if full else 1
    return made


@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize(("pixels", "bits"), [("yuv420p", 8), ("yuv444p", 8), ("yuv422p10le", 10), ("yuv444p12le", 12)])
@pytest.mark.parametrize(("space", "weights"), [(1, BT709), (5, BT601), (6, BT601), (9, BT2020), (10, BT2020)])
def test_colours_are_right(pixels, bits, space, weights, full):
    shown = rgb(frame(yuv(weights, full, bits), pixels, space, bits, full))
    assert (shown.shape, shown.dtype) == ((16, 16, 3), np.uint8)
    assert np.abs(shown.astype(int) - COLOUR).max() <= 3


def test_jpeg_s_range_is_full():
    shown = rgb(frame(yuv(BT601, True, 8), "yuvj420p", 5, full=True))
    assert np.abs(shown.astype(int) - COLOUR).max() <= 3


@pytest.mark.parametrize("space", [UNSPECIFIED, RESERVED])
@pytest.mark.parametrize(("height", "weights"), [(576, BT601), (720, BT709)])
def test_what_does_not_say_is_taken_as_players_take_it(height, weights, space):
    shown = rgb(frame(yuv(weights, False, 8), "yuv420p", space, height=height))
    assert np.abs(shown.astype(int) - COLOUR).max() <= 3


def test_a_colour_space_that_cannot_be_converted_is_refused():
    with pytest.raises(VideoError, match=r"cannot convert \(number 8\)"):
        rgb(frame([100, 100, 100], "yuv420p", 8))


@pytest.mark.parametrize(("alpha", "shown"), [(0, (255, 255, 255)), (51, (214, 243, 209)), (255, (50, 195, 25))])
def test_what_is_transparent_is_white_whatever_it_hides(alpha, shown):
    pixels = np.full((8, 8, 4), (50, 195, 25, alpha), np.uint8)
    assert rgb(av.VideoFrame.from_ndarray(pixels, format="rgba"))[0, 0].tolist() == list(shown)


PQ, HLG = 16, 18
BT2020_FROM_BT709 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])  # BT.2087


def pq(light):
    """Signal of a share of reference white, 203 cd/m² (BT.2408), as SMPTE ST 2084 has it."""
    power = (light * 203 / 10000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def test_hdr_is_shown_as_sdr_would_be():
    colours = Colours()
    for light in ((0.2, 0.05, 0.02), (0.5, 0.5, 0.1), (0.02, 0.3, 0.1), (1, 1, 1)):
        r, g, b = pq(BT2020_FROM_BT709 @ light)
        luma = 0.2627 * r + 0.678 * g + 0.0593 * b
        values = [64 + 876 * luma, 512 + 896 * (b - luma) / 1.8814, 512 + 896 * (r - luma) / 1.4746]
        made = frame(values, "yuv420p10le", 9, bits=10)
        made.color_trc, made.color_primaries = PQ, 9
        expected = 255 * np.array(light) ** (1 / 2.4)
        assert np.abs(colours.rgb(made)[0, 0] - expected).max() <= 12


def test_reference_white_of_hlg_is_white():
    made = frame([64 + 876 * 0.75, 512, 512], "yuv420p10le", 9, bits=10)
    made.color_trc, made.color_primaries = HLG, 9
    assert rgb(made).min() >= 250
