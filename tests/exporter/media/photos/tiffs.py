"""TIFF files of any pixel format and byte order, which Pillow does not write."""

import struct
import zlib
from pathlib import Path

import numpy as np

_SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3}
_SHORT, _LONG = 3, 4
_HEADER, _ENTRY = 8, 12
"""Bytes"""


def write_tiff(
    path: Path, values: np.ndarray, order: str = "<", photometric: int = 1, compressed: bool = False
) -> Path:
    """One strip of [height, width] or [height, width, samples]; `order` is `struct`'s."""
    height, width, *samples = values.shape
    count = samples[0] if samples else 1
    strip = values.astype(values.dtype.newbyteorder(order)).tobytes()
    strip = zlib.compress(strip) if compressed else strip
    tags = {
        256: (_LONG, [width]),
        257: (_LONG, [height]),
        258: (_SHORT, [values.dtype.itemsize * 8] * count),
        259: (_SHORT, [8 if compressed else 1]),
        262: (_SHORT, [photometric]),
        273: (_LONG, [_HEADER]),  # the strip lies behind the header
        277: (_SHORT, [count]),
        278: (_LONG, [height]),
        279: (_LONG, [len(strip)]),
        339: (_SHORT, [_SAMPLE_FORMATS[values.dtype.kind]] * count),
    }
    body = strip + bytes(len(strip) % 2)
    entries = b""
    for tag, (kind, numbers) in tags.items():
        data = struct.pack(f"{order}{len(numbers)}{'H' if kind == _SHORT else 'I'}", *numbers)
        if len(data) > 4:
            data, body = struct.pack(f"{order}I", _HEADER + len(body)), body + data + bytes(len(data) % 2)
        entries += struct.pack(f"{order}HHI", tag, kind, len(numbers)) + data.ljust(4, b"\0")
    header = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HI", 42, _HEADER + len(body))
    path.write_bytes(header + body + struct.pack(f"{order}H", len(tags)) + entries + bytes(4))
    return path
