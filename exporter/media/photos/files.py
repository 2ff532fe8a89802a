"""Picture files, opened and decoded: whatever is wrong with one is said in a sentence."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from exporter.budgets import PHOTO_FILE
from exporter.errors import ImageError, VitexportError, VitexportWarning, describe
from exporter.media.photos.colours import transparent_colour
from exporter.media.photos.exif_orientation import orientation_of
from exporter.media.photos.kinds import HEAD, Kind, kind_of
from exporter.media.photos.png_text import without_text
from exporter.media.photos.tiff_pixels import NOT_LISTED, pixel_format
from exporter.paths import check_input

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

Prepare = Callable[["ImageFile", Kind], None]
"""Called with a picture that is opened and not decoded, whose size and mode are known"""


@dataclass(frozen=True)
class Picture:
    """A file that was decoded."""

    image: Image.Image
    """As its kind has it: of any mode, and not yet turned; perhaps smaller, as `prepare` asked for"""
    size: tuple[int, int]
    """Width and height in the file"""
    orientation: int | None
    """By EXIF"""


def read_picture(path: Path, prepare: Prepare, what: str = "image") -> Picture:
    """A file of one of `KINDS`, of several frames the first.

    Raises `ImageError`, in which a missing file is called by `what` it was to be; so may `prepare`.
    """
    kind = kind_of(path, _head(path, what))
    try:
        try:
            return _decoded(kind, path, path, prepare)
        except ValueError as error:
            if kind.name != "PNG" or "MAX_TEXT" not in str(error):
                raise
            return _decoded(kind, path, without_text(path), prepare)
    except (VitexportError, VitexportWarning):
        raise
    except ModuleNotFoundError as error:
        raise ImageError(
            f"{path} is a {kind.name} picture, and {error.name} is not installed: pip install 'vitexport[heic]', or "
            f"save it as JPEG."
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"{path} is larger than what is read of a {kind.name}: make it smaller.") from error
    except MemoryError as error:
        raise ImageError(f"{path} does not fit into this machine's memory: make it smaller.") from error
    except Exception as error:  # Pillow's readers raise whatever Python does where bytes are wrong
        raise ImageError(_complaint(path, kind, error)) from error


def _head(path: Path, what: str) -> bytes:
    check_input(path, ImageError, PHOTO_FILE)
    try:
        if path.is_dir():
            raise ImageError(f"{path} is a folder: pass one file.")
        if not path.is_file():
            raise ImageError(f"There is no {what} {path}: pass the name of a file.")
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError as error:
        raise ImageError(f"{path} cannot be read ({error.strerror}): check its name and its permissions.") from error


def _decoded(kind: Kind, path: Path, source: Path | BytesIO, prepare: Prepare) -> Picture:
    with _silent():
        image = kind.reader(source)
    with image:
        size = image.size
        with _silent():
            prepare(image, kind)
            key = transparent_colour(image)
            image.load()
        if key is not None:
            image.info["transparency"] = key
        return Picture(image, size, orientation_of(image, path))


def _silent() -> warnings.catch_warnings[None]:
    """What Pillow warns of either does not matter here or is an error of ours."""
    return warnings.catch_warnings(action="ignore")


_CUT_OFF = ("truncated", "end of file", "outside of file bounds")
"""What readers say of files that end too early"""


def _complaint(path: Path, kind: Kind, error: Exception) -> str:
    said = " ".join(describe(error).split())
    if any(sign in said.lower() for sign in _CUT_OFF):
        return f"{path} is cut off: copy or download it again."
    if kind.name == "TIFF" and NOT_LISTED in said:
        with _silent():
            found = pixel_format(path)
        return f"{path} has {found} a pixel, which is not read: convert it to 8 or 16 bits a sample."
    return f"{path} is a damaged {kind.name}, or of an unusual kind ({said}): copy it again, or save it as PNG or JPEG."
