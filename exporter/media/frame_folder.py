"""Folders of frames: which files are the frames, and in which order."""

from __future__ import annotations

import re
from pathlib import Path

from exporter.errors import VideoError

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


def frames_in(folder: Path) -> list[Path]:
    """The pictures of a folder, frame2 before frame10; at least one."""

    def numeric(path: Path) -> tuple[list[str | int], str]:
        pieces = re.split(r"(\d+)", path.stem.lower())  # text, number, text, …, so that like is compared with like
        return [int(piece) if piece.isdecimal() else piece for piece in pieces], path.name

    # macOS leaves files like ._frame1.jpg, which are not pictures, on foreign disks.
    found = [path for path in folder.iterdir() if path.suffix.lower() in PICTURES and not path.name.startswith(".")]
    if not found:
        raise VideoError(f"{folder} has no pictures ({' '.join(PICTURES)}); pass a video file or a folder of frames.")
    return sorted(found, key=numeric)
