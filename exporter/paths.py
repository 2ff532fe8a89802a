"""Paths that users give: whether something can be read from there, or written, is said before the work.

Where results will be written, what killed processes left is finished or removed first, since whoever asks for a place
looks next at what lies there.

What is read is a regular file, or a link to one: readers go to and fro in it, and a pipe or a device may never end.
Pipes of the shell and /dev/stdin are refused for the same reason.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
from pathlib import Path

from exporter.atomic.staging import collect
from exporter.budgets import Budget
from exporter.errors import VitexportError

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}

_BELOW, _BESIDE = 200, 16
"""Bytes that names take below a bundle's folder, and more than its own those of what lies beside a result"""

_SHOWN = 100
"""Characters of a name that is too long"""


def check_input(path: str | Path, error: type[VitexportError], size: Budget | None = None) -> None:
    """Raise `error` for what cannot be read as a file, because of its kind or its `size`.

    What is missing passes, and so does a folder: what to do about them is said where it is known what was wanted.
    """
    try:
        found = Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as problem:  # ValueError for a NUL
        reason = getattr(problem, "strerror", None) or problem
        raise error(f"{str(path)!r} cannot be read ({reason}): check its name and its permissions.") from problem
    if kind := _KINDS.get(stat.S_IFMT(found.st_mode)):
        raise error(f"{path} is {kind} and no file: save what comes from it, and pass that.")
    if size is not None and stat.S_ISREG(found.st_mode):
        size.check(found.st_size, path, error)


def bytes_on_disk(path: Path) -> int:
    """Of a file, without its holes."""
    with path.open("rb") as file:
        end, place, found = os.fstat(file.fileno()).st_size, 0, 0
        while place < end:
            try:
                begin = os.lseek(file.fileno(), place, os.SEEK_DATA)
            except OSError as error:
                return found if error.errno == errno.ENXIO else end  # a hole up to the end; or none are known here
            place = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
            found += place - begin
    return found


def check_output_folder(folder: str | Path, error: type[VitexportError]) -> None:
    """Raise `error` if nothing can be made in a folder, which may be missing; messages call it --out."""
    _check_output(folder, Path(folder), _BELOW, error, "--out")


def check_output_file(path: str | Path, error: type[VitexportError], option: str = "--out") -> None:
    """Raise `error` if no file can be made under a name, and others beside it; messages call it by its option."""
    _check_output(path, Path(path).parent, len(Path(path).name.encode(errors="replace")) + _BESIDE, error, option)
    if Path(path).is_dir():
        raise error(f"{option} {path} is a folder: pass the name of a file.")


def _check_output(out: str | Path, folder: Path, below: int, error: type[VitexportError], option: str) -> None:
    """Raise `error` unless files can be made in a folder whose names have so many bytes."""
    check_name(out, error)
    place = folder.absolute()
    try:
        found = next(one for one in (place, *place.parents) if os.path.lexists(one))
        if not found.is_dir():
            raise error(f"{option} {out} needs a folder where there is a file, {found}: pass another.")
        longest = max(below, *(len(os.fsencode(part)) for part in place.parts))
        whole = len(os.fsencode(place)) + below
        if _exceeds(longest, found, "PC_NAME_MAX") or _exceeds(whole, found, "PC_PATH_MAX"):
            raise error(f"{option} {str(out)[:_SHOWN]}… is longer than names may be here: pass a shorter one.")
        # Permissions do not tell: root has all, and a file system may take no files.
        tempfile.TemporaryFile(dir=found).close()
        collect(place)
    except OSError as problem:
        raise error(
            f"{option} {str(out)[:_SHOWN]} cannot be written to ({problem.strerror}): pass another."
        ) from problem


def _exceeds(length: int, folder: Path, limit: str) -> bool:
    """Whether a name or path with so many bytes is longer than a folder takes; -1 there is no limit."""
    return 0 <= os.pathconf(folder, limit) < length


def check_name(path: str | Path, error: type[VitexportError]) -> None:
    """Raise `error` for a name with a NUL, or with bytes that are no UTF-8, which no result could hold."""
    if re.search(r"[\0\ud800-\udfff]", str(path)):
        raise error(f"{str(path)!r} is no name of a file, with a NUL or bytes that are no UTF-8: pass another.")
