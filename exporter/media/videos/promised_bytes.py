"""How many bytes a video file says that it has, where it does not count its frames: there, FFmpeg reads what there is,
and ends without a word."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

_HEADER = 4096
"""Bytes of a file within which it says so, if at all."""

_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067
_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
"""An identifier of the ASF specification, §3.2, where the size is 40 bytes after its beginning"""


def promised_bytes(path: Path) -> int | None:
    """Of a Matroska, ASF or FLV file; None for others, and for one that was written without going back to say so."""
    with path.open("rb") as file:
        header = file.read(_HEADER)
    kind = next((kind for magic, kind in _KINDS.items() if header.startswith(magic)), None)
    return kind(header) or None if kind else None


def lacks_index(path: Path) -> bool:
    """Whether a file begins like an .mp4 and has no index, because its end is missing (ISO/IEC 14496-12 §4.2)."""
    size, position = path.stat().st_size, 0
    with path.open("rb") as file:
        while position <= size - _BOX.size:
            file.seek(position)
            length, kind = _BOX.unpack(file.read(_BOX.size))
            if kind == b"moov" or (position == 0 and kind != b"ftyp"):
                return False
            if length == 1:  # the size follows, in 8 bytes
                length = int.from_bytes(file.read(8), "big")
            if length < _BOX.size:
                break
            position += length
    return position > 0


_BOX = struct.Struct(">I4s")
"""Size and kind of a box, which both count"""


def _matroska(header: bytes) -> int | None:
    """EBML's own header, and the segment that is all the rest, each with its size."""
    position = 0
    while position < len(header) - 12:  # the longest identifier, and the longest size
        identifier, position = _ebml_number(header, position, marker=True)
        size, after = _ebml_number(header, position, marker=False)
        unknown = size == (1 << 7 * (after - position)) - 1
        if unknown or identifier not in (_EBML, _SEGMENT):
            return None
        position = after + size
        if identifier == _SEGMENT:
            return position
    return None


def _ebml_number(content: bytes, position: int, marker: bool) -> tuple[int, int]:
    """A number of RFC 8794 §4 at a position, and where it ends; its first bit set, the `marker`, gives its length."""
    length = 9 - content[position].bit_length()
    value = int.from_bytes(content[position : position + length], "big")
    return (value if marker else value & ~(1 << 7 * length)), position + length


def _asf(header: bytes) -> int | None:
    return _number_after(header, _FILE_PROPERTIES, 24, "<Q")


def _flv(header: bytes) -> int | None:
    """The script that players read begins with such names, and numbers behind a byte that says that they are."""
    size = _number_after(header, b"\0\x08filesize\0", 0, ">d")
    return int(size) if size is not None and 0 < size < 2**63 else None


def _number_after(header: bytes, name: bytes, distance: int, form: str) -> int | None:
    """Of a form as `struct` has it, at a distance in bytes after the end of a name."""
    place = header.find(name) + len(name) + distance
    if name not in header or place + struct.calcsize(form) > len(header):
        return None
    number: int = struct.unpack_from(form, header, place)[0]
    return number


_KINDS: dict[bytes, Callable[[bytes], int | None]] = {
    _EBML.to_bytes(4, "big"): _matroska,
    bytes.fromhex("3026b2758e66cf11"): _asf,
    b"FLV": _flv,
}
"""How a file begins -> where it says how many bytes it has"""
