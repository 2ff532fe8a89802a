"""What a file is that is passed as a video and is none, by its first bytes."""

from __future__ import annotations

import re
from pathlib import Path

from exporter.errors import VideoError
from exporter.media.photos.kinds import KINDS
from exporter.mistaken_files import HEAD, mistaken

_STILL = rb"....ftyp(hei[cx]|mif1|avif)"
"""Pictures in boxes like those of an .mp4: FFmpeg takes them for videos, and of some shows one tile."""

_ANIMATED = rb"GIF8|\x89PNG.*acTL"
"""Of kinds of pictures, what is a video too"""

_SOUND = (
    rb"RIFF....WAVE|RF64|riff|fLaC|ID3|\xff[\xf1-\xf3\xf9-\xfb]|\x0b\x77|FORM....AIF[FC]|\.snd|caff|#!AMR|wvpk|MThd"
)
"""In files that hold nothing else: WAV, FLAC, MP3, AAC, AC-3, AIFF, AU, CAF, AMR, WavPack, MIDI"""


def check_no_still(path: Path) -> None:
    """Raise `VideoError` for a picture that FFmpeg would take for a video, and for a file that cannot be read."""
    head = _head(path)
    if _begins(_STILL, head):
        raise VideoError(_picture(path, head))


def other_file(path: Path) -> str | None:
    """A sentence on a file that FFmpeg does not take for a video; None for one that may be a damaged video."""
    head = _head(path)
    if found := mistaken(head, "video"):
        return f"{path} is {found.what}: {found.remedy}."
    if _begins(_SOUND, head):
        return f"{path} has no video stream, only sound; pass a file with moving pictures in it."
    return None if _begins(_ANIMATED, head) else _picture(path, head)


def _picture(path: Path, head: bytes) -> str | None:
    name = next((kind.name for kind in KINDS if _begins(kind.begins, head)), None)
    return f"{path} is a {name} picture: pass a video, or a folder of frames." if name else None


def _begins(expression: bytes, head: bytes) -> bool:
    return re.match(expression, head, re.DOTALL) is not None


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError as error:
        raise VideoError(f"{path} cannot be read ({error.strerror}): check its name and its permissions.") from error
