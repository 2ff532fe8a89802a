"""Folders of frames: which files are the frames, and in which order."""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from pathlib import Path

from exporter.errors import VideoError, VitexportWarning
from exporter.media.photos.kinds import KINDS

_KINDS = {suffix: kind.name for kind in KINDS for suffix in kind.suffixes}
"""How a frame's name ends -> its kind"""


_MASK = r"(masks?|matte|gt|groundtruth|seg|segmentation|labels?|annotations?)"
_FRAME = r"(frames?|images?|img|rgb|photos?|colou?r)"
_SEPARATOR = r"[ _.-]"


def frames_in(folder: Path) -> list[Path]:
    """The pictures of a folder, frame2 before frame10; at least one, and all of one kind.

    Masks beside the frames are none, and it warns of them with `VitexportWarning`: pictures that are called like
    another and a mask (X_mask, gt-X, mask0001 beside frame0001), and PNG files beside JPEG files of the same names, as
    people keep those of DAVIS. Raises `VideoError` for other mixtures, as any kind might be the frames.
    """
    pictures = [
        path
        for path in folder.iterdir()
        # macOS leaves files like ._frame1.jpg, which are not pictures, on foreign disks.
        if path.suffix.lower() in _KINDS and not path.is_dir() and not path.name.startswith(".")
    ]
    if not pictures:
        raise VideoError(f"{folder} has no pictures ({' '.join(_KINDS)}); pass a video file or a folder of frames.")
    masks = _named_masks(pictures)
    kinds = defaultdict[str, list[Path]](list)
    for path in pictures:
        if path not in masks:
            kinds[_KINDS[path.suffix.lower()]].append(path)
    counted = " and ".join(f"{len(paths)} {kind}" for kind, paths in sorted(kinds.items()))
    if set(kinds) == {"JPEG", "PNG"} and _names(kinds["PNG"]) <= _names(kinds["JPEG"]):
        _warn(f"{folder} has {counted} files: the JPEG files are the frames, the PNG files of the same names are not.")
    elif len(kinds) > 1:
        raise VideoError(f"{folder} has {counted} files, and frames are of one kind: move the others elsewhere.")
    if masks:
        example = min(path.name for path in masks)
        _warn(f"{folder} has {len(masks)} masks beside its frames, such as {example}: they are no frames.")
    return sorted(kinds.get("JPEG") or next(iter(kinds.values())), key=_numeric)


def _warn(message: str) -> None:
    warnings.warn(message, VitexportWarning, stacklevel=3)


def _named_masks(pictures: list[Path]) -> set[Path]:
    """Those that are called masks, if one of them is called that of another picture."""
    bare = {path: _without(_MASK, path) for path in pictures}
    masks = {path for path, name in bare.items() if name != path.stem.lower()}
    others = {_without(_FRAME, path) for path in pictures if path not in masks}
    others |= {path.stem.lower() for path in pictures if path not in masks}
    return masks if others & {bare[path] for path in masks} else set()


def _without(word: str, path: Path) -> str:
    """A file's name, in lower case, without its ending and a word at its beginning or end."""
    name = path.stem.lower()
    return re.sub(rf"^{word}({_SEPARATOR}|(?=\d))|({_SEPARATOR}|(?<=\d)){word}$", "", name)


def _names(paths: list[Path]) -> set[str]:
    return {path.stem for path in paths}


def _numeric(path: Path) -> tuple[list[str | int], str]:
    pieces = re.split(r"(\d+)", path.stem.lower())  # text, number, text, …, so that like is compared with like
    return [int(piece) if piece.isdecimal() else piece for piece in pieces], path.name
