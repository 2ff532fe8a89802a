"""TIFF files: more pixel formats than Pillow lists, and the names of those that it cannot read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import TiffImagePlugin
from PIL.TiffImagePlugin import II, MM, OPEN_INFO, ImageFileDirectory_v2, TiffImageFile

NOT_LISTED = "unknown pixel mode"
"""What Pillow says of a pixel format that it does not list"""

_GREY = (0, 1)
"""TIFF 6.0, PhotometricInterpretation: zero is white, or black"""

_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
"""TIFF 6.0, SampleFormat"""

_DECODED = {
    (_UNSIGNED, 16): ("I;16", "I;16", "I;16B", "I;16B"),
    (_SIGNED, 16): ("I", "I;16S", "I", "I;16BS"),
    (_UNSIGNED, 32): ("I", "I;32", "I", "I;32B"),
    (_SIGNED, 32): ("I", "I;32S", "I", "I;32BS"),
    (_FLOAT, 64): ("F", "F;64F", "F", "F;64BF"),
}
"""Grey samples that Pillow decodes, but does not list for both byte orders, nor with white or black as zero -> its mode
and raw mode of little-endian files, and of big-endian ones"""

# Added to Pillow's list for all of the process, which reads more by it and nothing otherwise.
for (_samples, _bits), (_mode, _raw, _mode_big, _raw_big) in _DECODED.items():
    for _photometric in _GREY:
        OPEN_INFO.setdefault((II, _photometric, (_samples,), 1, (_bits,), ()), (_mode, _raw))
        OPEN_INFO.setdefault((MM, _photometric, (_samples,), 1, (_bits,), ()), (_mode_big, _raw_big))

_NATIVE = {"I;16BS": "I;16NS", "I;32B": "I;32N", "I;32BS": "I;32NS", "F;32BF": "F;32NF", "F;64BF": "F;64NF"}
"""Raw modes of big-endian samples -> those of the machine's order, in which libtiff gives what was compressed; Pillow
knows it of others"""


def open_tiff(source: Any) -> TiffImageFile:
    """A TIFF file, of a path or a binary stream, not yet decoded."""
    image = TiffImageFile(source)
    image.tile = [
        tile._replace(args=(_NATIVE.get(tile.args[0], tile.args[0]), *tile.args[1:]))
        if tile.codec_name == "libtiff" and isinstance(tile.args, tuple)
        else tile
        for tile in image.tile
    ]
    return image


_KINDS = {1: "unsigned", 2: "signed", 3: "float", 5: "complex", 6: "complex"}


def pixel_format(path: Path) -> str:
    """What a TIFF's pixels are, such as "3 samples of 32 bits (float)"; the file's first page is whole."""
    with path.open("rb") as file:
        head = file.read(8)
        if head[2] == _BIG or head[3] == _BIG:
            head += file.read(8)
        tags = ImageFileDirectory_v2(head)
        file.seek(tags.next)
        tags.load(file)
    samples = tags.get(TiffImagePlugin.SAMPLESPERPIXEL, 1)
    bits = " and ".join(map(str, sorted(set(tags.get(TiffImagePlugin.BITSPERSAMPLE, (1,))))))
    formats = set(tags.get(TiffImagePlugin.SAMPLEFORMAT, (_UNSIGNED,)))
    kinds = " and ".join(sorted(_KINDS.get(number, "of no known kind") for number in formats))
    return f"{samples} sample{'s' * (samples > 1)} of {bits} bits ({kinds})"


_BIG = 43
"""The version of BigTIFF, whose header is longer; the version of TIFF is 42"""
