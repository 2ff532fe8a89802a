"""Text of others is printed as what it is."""

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.printable import MOST, complain, print_in_any_encoding, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("one\nvitexport: two\r", r"one\nvitexport: two\r"),
        ("one\u2028two\u2029\x85\x0b\x0c", r"one\u2028two\u2029\x85\x0b\x0c"),
        ("a\tb\0\x7f", r"a\tb\x00\x7f"),
        ("gnp.\u202eexe \u2066\u2069\u200f\u061c", r"gnp.\u202eexe \u2066\u2069\u200f\u061c"),
        ("pay\u200bpal\ufeff\u00ad\u2060", r"pay\u200bpal\ufeff\xad\u2060"),
        ("\U000e0041\U000e0102", r"\U000e0041\U000e0102"),
        ("\u3164\u115f\u034f\u180b", r"\u3164\u115f\u034f\u180b"),
        ("\udc80.pt", r"\udc80.pt"),
        ("\ue000\u0378", r"\ue000\u0378"),
    ],
)
def test_what_moves_turns_or_hides_text_is_shown_as_an_escape(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "stages.0.blocks.1 – 2 × 3",
        "Bildschirmfoto 1.1.25, 3\u202fUhr\u00a0früh.png",
        "写真\u3000猫.jpg",
        "תמונה صورة ภาพ फ़ोटो",
        "می\u200cخواهم",
        "क्\u200dष",
        "👩\u200d💻 ❤\ufe0f\u200d🔥 👍🏽 🇨🇭",
    ],
)
def test_ordinary_text_of_any_script_stays(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ad\u200dmin", r"ad\u200dmin"),
        ("é\u200d\u200c\u200dé", r"é\u200d\u200c\u200dé"),
        ("é\u200d", r"é\u200d"),
        ("a\ufe0f", r"a\ufe0f"),
        ("é\ufe0f\ufe0f", "é\ufe0f" + r"\ufe0f"),
    ],
)
def test_joiners_stay_where_they_join(text, shown):
    assert printable(text) == shown


@given(st.text(st.characters(), max_size=50))
def test_whatever_the_text_it_is_one_line_that_can_be_encoded_and_stays_as_it_is(text):
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in shown)
    shown.encode("utf-8")
    assert printable(shown) == shown


def test_of_a_long_text_the_beginning_and_the_end_are_shown_and_the_rest_is_counted():
    shown = printable("a" + "\x1b" * 1_000_000 + "z")
    assert shown.startswith(r"a\x1b")
    assert shown.endswith(r"\x1bz")
    assert f" … {1_000_002 - MOST:,} more characters … " in shown
    assert len(shown) < 5 * MOST
    assert printable("a" * MOST) == "a" * MOST


def test_a_complaint_is_one_line_on_stderr(capsys):
    complain("vitexport", "There is no a\nvitexport: all is well")
    assert capsys.readouterr() == ("", "vitexport: There is no a\\nvitexport: all is well\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_stdout_takes_what_its_encoding_lacks(monkeypatch, encoding):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    print_in_any_encoding()
    print("1 – 2", flush=True)
    assert written.getvalue() == (b"1 \\u2013 2\n" if encoding != "utf-8" else "1 – 2\n".encode())
