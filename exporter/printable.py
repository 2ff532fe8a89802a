"""Text of others, such as names in a checkpoint and paths, made fit to be printed.

No character of it moves the cursor, begins a line, turns others around or is there unseen: such ones are shown as
escapes.
"""

from __future__ import annotations

import io
import os
import sys
import unicodedata
from contextlib import suppress
from typing import TextIO

MOST = 2000
"""Characters of a text that are printed. Of a longer one these are its beginning and its end, which has the remedy."""

_WRITTEN = {1: "stdout", 2: "stderr"}
"""The streams that every process begins with, by their descriptors"""

_HIDDEN_KINDS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's general categories of control and format characters, surrogates, what is private or not assigned, and what
parts lines and paragraphs"""

_UNSEEN = frozenset(
    map(
        chr,
        (
            *(0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0),
            *(*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)),
        ),
    )
)
"""Letters and marks that are not seen: Unicode's Default_Ignorable_Code_Point, beyond those categories"""

_STYLES = frozenset("\ufe0e\ufe0f")
"""Whether the sign before is text or a picture"""
_JOINERS = frozenset("\u200c\u200d")
"""Between letters of Persian and of Indic scripts, and between the signs of an emoji"""


def printable(text: object) -> str:
    """A text as a part of one line, without anything that terminals or readers could be deceived by; cut if it is long.

    Letters of all scripts and emoji stay as they are, with single joiners between them.
    """
    shown = str(text)
    if len(shown) > MOST:
        left_out = len(shown) - MOST
        shown = f"{shown[: MOST // 2]} … {left_out:,} more characters … {shown[-MOST // 2 :]}"
    if shown.isascii() and shown.isprintable():
        return shown
    neighbours = zip(" " + shown, shown, shown[1:] + " ", strict=False)
    return "".join(_escaped(one) if _deceives(before, one, after) else one for before, one, after in neighbours)


def complain(program: str, message: object) -> None:
    """Print a line on stderr."""
    print_on_stderr(f"{program}: {printable(message)}")


def print_on_stderr(line: str) -> None:
    """Print a line where nothing depends on that: it is lost if nobody reads there any more, or the disk is full."""
    try:
        print(line, file=sys.stderr, flush=True)
    except (OSError, ValueError):  # the second where it is closed
        give_up(sys.stderr)


def give_up(stream: TextIO) -> None:
    """Let what is still to be written be lost: Python would try again at its end, and complain in its own way."""
    with suppress(OSError, ValueError):  # it is closed, or no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def open_closed_streams() -> None:
    """Where stdout or stderr was closed before Python began, what is written there is lost.

    Otherwise the next file would get its descriptor, and with it whatever a library in C++ prints.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= max(_WRITTEN):
        pass
    os.close(descriptor)
    for number, name in _WRITTEN.items():
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w", closefd=False))  # noqa: SIM115


def relay(text: str) -> None:
    """Print on stderr what somebody else has to say, indented, so that none of it can be taken for a message."""
    for line in text.splitlines():
        print_on_stderr(f"  {printable(line)}")


def print_in_any_encoding() -> None:
    """From now on stdout shows what its encoding lacks as escapes, as stderr always does, instead of failing."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _deceives(before: str, character: str, after: str) -> bool:
    """Whether a character, between these two, is none that one sees and knows."""
    if character in _STYLES:
        return not _is_sign(before)
    if character in _JOINERS:
        return not ((_is_sign(before) or before in _STYLES) and _is_sign(after))
    return _is_hidden(character)


def _is_sign(character: str) -> bool:
    """Whether a character is a letter or sign that styles and joiners belong to, which are all beyond ASCII."""
    return not character.isascii() and not _is_hidden(character)


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN_KINDS or character in _UNSEEN


def _escaped(character: str) -> str:
    """As in Python's own strings: \\n, \\x1b, \\u202e."""
    return character.encode("unicode_escape").decode("ascii")
