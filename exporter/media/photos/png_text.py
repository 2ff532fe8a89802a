"""PNG files without their texts: Pillow refuses a picture for a large one, and no text is pixels."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

_SIGNATURE, _LENGTH, _TYPE, _CHECKSUM = 8, 4, 4, 4
"""Bytes of a PNG's beginning and of the parts of a chunk, whose length is big-endian"""

_LEFT_OUT = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
"""Texts, and the colour profile, to which Pillow sets the same limit and which is not applied"""


def without_text(path: Path) -> BytesIO:
    """The file but for its texts; a chunk that is cut off ends it, as it ends the file."""
    kept = BytesIO()
    with path.open("rb") as file:
        kept.write(file.read(_SIGNATURE))
        while len(head := file.read(_LENGTH + _TYPE)) == _LENGTH + _TYPE:
            length = int.from_bytes(head[:_LENGTH]) + _CHECKSUM
            if head[_LENGTH:] in _LEFT_OUT:
                file.seek(length, 1)
            else:
                kept.write(head)
                kept.write(file.read(length))
    kept.seek(0)
    return kept
