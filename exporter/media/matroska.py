"""How many bytes a Matroska or WebM file says that it has: FFmpeg reads what is there, and ends without a word."""

from __future__ import annotations

from pathlib import Path

_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067
_HEADER = 4096
"""Bytes within which the segment begins: before it there is the EBML header, of some forty, and perhaps a gap."""


def promised_bytes(path: Path) -> int | None:
    """Of the whole file; None if it is no Matroska, or one that was written without going back to say so."""
    with path.open("rb") as file:
        header = file.read(_HEADER)
    position = 0
    while position < len(header) - 12:  # the longest identifier, and the longest size
        identifier, position = _number(header, position, marker=True)
        size, after = _number(header, position, marker=False)
        unknown = size == (1 << 7 * (after - position)) - 1
        if identifier == _SEGMENT:
            return None if unknown else after + size
        if unknown or (identifier != _EBML and position <= 4):
            return None
        position = after + size
    return None


def _number(content: bytes, position: int, marker: bool) -> tuple[int, int]:
    """A number of RFC 8794 §4 at a position, and where it ends; its first bit set, the `marker`, gives its length."""
    length = 9 - content[position].bit_length()
    value = int.from_bytes(content[position : position + length], "big")
    return (value if marker else value & ~(1 << 7 * length)), position + length
