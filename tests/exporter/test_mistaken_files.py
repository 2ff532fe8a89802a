"""What is passed in place of any file is told by its first bytes, and nothing else is taken for it."""

import bz2
import codecs
import gzip
import io
import lzma
import pickle
import struct
import tarfile
import zipfile

import pytest

from exporter.mistaken_files import HEAD, is_pointer, mistaken

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
PAGE = "<!DOCTYPE html>\n<html><body>404</body></html>"


def archived(kind):
    file = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(zipfile.ZipInfo("one.txt"), "one")
    else:
        with tarfile.open(fileobj=file, mode="w") as archive:
            archive.addfile(tarfile.TarInfo("one.txt"))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "an empty file"),
        (POINTER.encode(), "a git-lfs pointer instead of the file"),
        (PAGE.encode(), "a web page and no picture"),
        (b"\n  <HTML lang='en'>", "a web page and no picture"),
        (b"<!-- saved --><html>", "a web page and no picture"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC>', "a web page and no picture"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "a text of XML, as servers answer"),
        (b'{"error": "not found"}', "a text of JSON"),
        (b"{}", "a text of JSON"),
        (b"[\n  1, 2]", "a text of JSON"),
        (gzip.compress(b"one", mtime=0), "compressed"),
        (bz2.compress(b"one"), "compressed"),
        (lzma.compress(b"one"), "compressed"),
        (archived("zip"), "a zip archive"),
        (archived("tar"), "a tar archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"Rar!\x1a\x07", "a rar archive"),
    ],
)
def test_what_comes_in_place_of_a_file_is_called_what_it_is(content, what):
    assert mistaken(content[:HEAD], "picture").what.startswith(what)


def test_the_remedy_names_what_was_wanted():
    assert mistaken(PAGE.encode(), "video").remedy == "download the video itself"


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")],
)
@pytest.mark.parametrize("text", [POINTER, PAGE, '{"error": 1}', ""])
def test_a_byte_order_mark_before_a_text_changes_nothing(mark, encoding, text):
    marked = mark + text.encode(encoding)
    assert mistaken(marked, "video") == mistaken(text.encode(), "video")
    assert is_pointer(marked) == (text == POINTER)


@pytest.mark.parametrize(
    "content",
    [
        b"no such text",
        b"version 2 of https://git-lfs.github.com/",
        pickle.dumps([1, {"a": 2}], protocol=0),
        pickle.dumps({"a": 1}),
        struct.pack("<Q", 0x227B) + b'{"stem":{"dtype":"F32"}}',  # of safetensors; its length is '{"'
        bytes(HEAD),
        b"\xff\xd8\xff\xe0\0\x10JFIF",
    ],
)
def test_nothing_else_is_taken_for_it(content):
    assert mistaken(content, "picture") is None
    assert not is_pointer(content)
