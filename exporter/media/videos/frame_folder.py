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


def frames_in(folder: Path) -> list[Path]:
    """The pictures of a folder, frame2 before frame10; at least one, and all of one kind.

    PNG files beside JPEG files of the same names are their masks, as people keep those of DAVIS, and no frames; it
    warns of them with `VitexportWarning`. Raises `VideoError` for other mixtures, as any kind might be the frames.
    """
    kinds = defaultdict[str, list[Path]](list)
    for path in folder.iterdir():
        kind = _KINDS.get(path.suffix.lower())
        # macOS leaves files like ._frame1.jpg, which are not pictures, on foreign disks.
        if kind and path.is_file() and not path.name.startswith("."):
            kinds[kind].append(path)
    if not kinds:
        raise VideoError(f"{folder} has no pictures ({' '.join(_KINDS)}); pass a video file or a folder of frames.")
    counted = " and ".join(f"{len(paths)} {kind}" for kind, paths in sorted(kinds.items()))
    if set(kinds) == {"JPEG", "PNG"} and _names(kinds["PNG"]) <= _names(kinds["JPEG"]):
        warnings.warn(
            f"{folder} has {counted} files: the JPEG files are the frames, the PNG files of the same names are not.",
            VitexportWarning,
            stacklevel=2,
        )
    elif len(kinds) > 1:
        raise VideoError(f"{folder} has {counted} files, and frames are of one kind: move the others elsewhere.")
    return sorted(kinds.get("JPEG") or next(iter(kinds.values())), key=_numeric)


def _names(paths: list[Path]) -> set[str]:
    return {path.stem for path in paths}


def _numeric(path: Path) -> tuple[list[str | int], str]:
    pieces = re.split(r"(\d+)", path.stem.lower())  # text, number, text, …, so that like is compared with like
    return [int(piece) if piece.isdecimal() else piece for piece in pieces], path.name
