"""What kind of picture a file is, by its first bytes: those that are read, and what to do about all others."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    IcoImagePlugin,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    WebPImagePlugin,
)

from exporter.errors import ImageError
from exporter.media.photos.tiff_pixels import open_tiff
from exporter.mistaken_files import mistaken

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

HEAD = 512
"""So many bytes of a file's beginning tell its kind."""


@dataclass(frozen=True)
class Kind:
    """A kind of picture that is read. Its reader is named here, so that none of Pillow's others ever sees a file."""

    name: str
    begins: bytes
    """A regular expression"""
    reader: Callable[..., ImageFile]
    """Of a path or a binary stream; decodes nothing yet"""
    bytes_per_pixel: float
    """Of memory, at most, while a picture of eight bits is decoded, beside the file; measured with Pillow 13"""
    suffixes: tuple[str, ...]
    """How names of such files end, in lower case, where only names are looked at"""


def _heif(source: object) -> ImageFile:
    from pillow_heif import HeifImageFile

    return HeifImageFile(source)  # type: ignore[no-untyped-call]


# ISO/IEC 14496-12: a box "ftyp" names the file's brand, then those that it is compatible with.
_FTYP = rb"....ftyp"

KINDS = (
    Kind("JPEG", rb"\xff\xd8\xff", JpegImagePlugin.jpeg_factory, 4, (".jpg", ".jpeg", ".jpe", ".jfif")),
    Kind("PNG", rb"\x89PNG\r\n\x1a\n", PngImagePlugin.PngImageFile, 4, (".png",)),
    Kind("WebP", rb"RIFF....WEBP", WebPImagePlugin.WebPImageFile, 16.7, (".webp",)),
    Kind("GIF", rb"GIF8[79]a", GifImagePlugin.GifImageFile, 4, (".gif",)),
    Kind("BMP", rb"BM", BmpImagePlugin.BmpImageFile, 4, (".bmp", ".dib")),
    Kind("TIFF", rb"II[*+]\0|MM\0[*+]", open_tiff, 7.6, (".tif", ".tiff")),
    Kind("AVIF", _FTYP + rb"(avi[fs]|(mif1|msf1|miaf).{0,40}avif)", AvifImagePlugin.AvifImageFile, 10.5, (".avif",)),
    Kind("HEIC", _FTYP + rb"(hei[cxms]|hev[cxms]|mif1|msf1)", _heif, 9, (".heic", ".heif")),
    Kind(
        "JPEG 2000",
        rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51",
        Jpeg2KImagePlugin.Jpeg2KImageFile,
        24,
        (".jp2", ".j2k", ".jpx", ".jpf", ".j2c", ".jpc"),
    ),
    Kind("PNM", rb"P([1-6]|[Ff0][\w]*)\s", PpmImagePlugin.PpmImageFile, 4, (".ppm", ".pgm", ".pbm", ".pnm", ".pfm")),
    Kind("ICO", rb"\0\0\x01\0", IcoImagePlugin.IcoImageFile, 4, (".ico",)),
)
"""Tried in this order"""

_AS_PICTURE = "export it as PNG or JPEG"

OTHERS = (
    (rb"(?i)\s*(<\?xml.*|<!--.*)?<svg", f"an SVG drawing: {_AS_PICTURE}"),
    (rb"%PDF", f"a PDF: {_AS_PICTURE}"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", f"PostScript: {_AS_PICTURE}"),
    (rb"8BPS", f"a Photoshop document: {_AS_PICTURE}"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "JPEG XL, which is not read: save it as PNG or JPEG"),
    (_FTYP + rb"|\x1aE\xdf\xa3|RIFF....AVI |\0\0\x01[\xb3\xba]|FLV\x01|....(moov|mdat|wide|free)",
     "a video: pass a photo, or follow an object through it with vitexport track"),
    (rb"\x93NUMPY", "an array of NumPy: save it as PNG"),
)  # fmt: skip
"""What people take for photos, beside what is passed in place of any file, begins with -> what it is, what to do"""

# Many begin like a TIFF file, in which a reader finds the thumbnail.
_RAW = rb"II[*]\0....CR|IIRO|IIRS|IIU\0|MMOR|FUJIFILMCCD-RAW|FOVb|....ftypcrx "
_RAW_SUFFIXES = (".3fr", ".arw", ".cr2", ".cr3", ".dng", ".erf", ".kdc", ".mef", ".nef", ".nrw", ".orf", ".pef", ".raf",
                 ".rw2", ".sr2", ".srw")  # fmt: skip


def kind_of(path: Path, head: bytes) -> Kind:
    """The kind of the file that begins with these bytes; raises `ImageError` for one that is not read."""

    def begins(expression: bytes) -> bool:
        return re.match(expression, head, re.DOTALL) is not None

    kind = next((kind for kind in KINDS if begins(kind.begins)), None)
    if begins(_RAW) or (path.suffix.lower() in _RAW_SUFFIXES and (kind is None or kind.name == "TIFF")):
        raise ImageError(f"{path} is a camera's raw file: develop it into a JPEG or PNG.")
    if kind is None:
        what = next((what for expression, what in OTHERS if begins(expression)), None)
        if what is None and (found := mistaken(head, "picture")):
            what = f"{found.what}: {found.remedy}"
        raise ImageError(f"{path} is {what}." if what else f"{path} is no picture of a kind that is read: {_ADVICE}.")
    return kind


_ADVICE = f"pass one of {', '.join(kind.name for kind in KINDS)}"
