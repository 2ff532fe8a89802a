"""What people pass by mistake in place of a picture, a video or weights, told by a file's first bytes.

Here is what may come in place of any file. What is close to one kind alone, such as a camera's raw file to a photo, is
told where that kind is read.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

HEAD = 1024
"""So many bytes of a file's beginning tell what it is."""


class Mistaken(NamedTuple):
    what: str
    """It is, with an article"""
    remedy: str
    """What to do, as an order"""


POINTER = Mistaken("a git-lfs pointer instead of the file", "fetch it with `git lfs pull`")

_POINTER = rb"version https://git-lfs\.github\.com/"

_MISTAKEN: tuple[tuple[bytes, Mistaken], ...] = (
    (rb"\Z", Mistaken("an empty file", "copy or download it again")),
    (_POINTER, POINTER),
    (rb"(?i)(\s|<\?xml[^>]*>|<!--.*?-->)*<(!doctype html|html|head|body)\b",
     Mistaken("a web page and no {wanted}", "download the {wanted} itself")),
    (rb"(?i)\s*<(\?xml|error>)",
     Mistaken("a text of XML, as servers answer where a file is not to be had", "download the {wanted} itself")),
    (rb"""\s*(\{\s*["}]|\[\s*["{[\]\d-])[^\0]*\Z""",
     Mistaken("a text of JSON", "pass the {wanted} that it is about")),
    (rb"\x1f\x8b|BZh[1-9]|\xfd7zXZ\0|\x28\xb5\x2f\xfd",
     Mistaken("compressed", "unpack it and pass the file inside")),
    (rb".{257}ustar", Mistaken("a tar archive", "unpack it and pass the file inside")),
    (rb"PK(\x03\x04|\x05\x06)", Mistaken("a zip archive", "unpack it and pass the file inside")),
    (rb"7z\xbc\xaf", Mistaken("a 7z archive", "unpack it and pass the file inside")),
    (rb"Rar!", Mistaken("a rar archive", "unpack it and pass the file inside")),
)  # fmt: skip
"""How a file begins, a regular expression -> what it is"""

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
"""Byte order marks, which editors and shells of Windows put before a text -> its encoding"""


def mistaken(head: bytes, wanted: str) -> Mistaken | None:
    """What a file is that begins with these bytes, at most `HEAD`, and is none of the `wanted`, such as "picture"."""
    text = _text(head)
    found = next((found for begins, found in _MISTAKEN if re.match(begins, text, re.DOTALL)), None)
    return found and Mistaken(*(words.format(wanted=wanted) for words in found))


def is_pointer(head: bytes) -> bool:
    """Whether a file is a git-lfs pointer, which stands for one that was not fetched."""
    return re.match(_POINTER, _text(head)) is not None


def _text(head: bytes) -> bytes:
    """A text that says its encoding as UTF-8, without the mark; all else as it is."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, errors="ignore").encode()
    return head
