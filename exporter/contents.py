"""The files of a bundle: what may lie in it, their checksums, and where the paths of its manifest may lead.

A bundle may come from anywhere. Whatever is read of it by a path goes through `inside`, and `check` holds all of it
against the manifest's list and against SHA256SUMS, which `sha256sum --check` reads too.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from exporter.budgets import MANIFEST_FILE
from exporter.errors import BundleError
from exporter.manifest import File, Manifest

MANIFEST, SUMS, REPORT = "manifest.json", "SHA256SUMS", "report.html"

_LARGEST_FILE = 8_000_000_000
_MOST_FILES = 10_000
_NOBODYS = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""What file managers leave in folders; nothing reads it."""


def seal(folder: Path, manifest: Manifest) -> Manifest:
    """Write the manifest of a finished bundle, with a list of all other files in it, and their checksums."""
    names = [name for name in _names(folder) if name not in (MANIFEST, SUMS)]
    files = [File(path=name, bytes=size_of(folder / name), sha256=digest(folder / name)) for name in names]
    sealed = manifest.model_copy(update={"files": tuple(files)})
    (folder / MANIFEST).write_text(sealed.model_dump_json(indent=2) + "\n")
    (folder / SUMS).write_text(_sums(folder, files))
    return sealed


def check(folder: Path, files: Sequence[File]) -> None:
    """Hold all that lies in a bundle against the files that its manifest lists, and its checksums.

    Raises `BundleError` for a file that is missing, altered, or not listed.
    """
    there = set(_names(folder))
    listed = {MANIFEST, SUMS, *(file.path for file in files)}
    if missing := listed - there:
        raise BundleError(f"{folder} lacks {min(missing)}; export the model again.")
    if unknown := there - listed:
        raise BundleError(f"{folder} holds {min(unknown)}, which it does not list; remove that, or export again.")
    for file in files:
        path = folder / file.path
        if size_of(path) != file.bytes or digest(path) != file.sha256:
            raise BundleError(f"{path} was altered after export; export the model again.")
    if read(folder / SUMS) != _sums(folder, files).encode():
        raise BundleError(f"{folder / MANIFEST} and {SUMS} do not agree, so one was altered; export the model again.")


def inside(folder: Path, name: str) -> Path:
    """The file or package of a bundle that a path in its manifest means, which need not exist.

    Raises `BundleError` for a path that leads out of the bundle, and for what is neither a file nor a folder of files:
    a link, a pipe, a device.
    """
    parts = name.split("/")
    if not name.isprintable() or "\\" in name or any(part in ("", ".", "..") for part in parts):
        raise BundleError(f"{folder} is damaged: its manifest names {name!r}, which is no path in it.")
    path = folder
    for part in parts:
        path = path / part
        if os.path.lexists(path):
            _mode(path)
    if path.is_dir():
        list(_names(path))
    return path


def read(path: Path) -> bytes:
    """The manifest or the checksums of a bundle; raises `BundleError` for a larger one and for what is no file."""
    if not stat.S_ISREG(_mode(path)):
        raise BundleError(f"{path} is a folder, and should be a file; export the model again.")
    MANIFEST_FILE.check(path.stat().st_size, path, BundleError)
    return path.read_bytes()


def digest(path: Path) -> str:
    """sha256 of a file, as `sha256sum` has it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) if path.is_dir() else path.stat().st_size


def _names(folder: Path) -> list[str]:
    """All files below a folder by their paths in it, in order; raises `BundleError` where anything else lies there."""
    names = []
    for path in _files(folder):
        names.append(path.relative_to(folder).as_posix())
        if len(names) > _MOST_FILES:
            raise BundleError(f"{folder} holds more than {_MOST_FILES} files, and no bundle does.")
    return sorted(names)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if stat.S_ISDIR(_mode(path)):
            yield from _files(path)
        elif path.name not in _NOBODYS:
            yield path


def _mode(path: Path) -> int:
    """The mode of a file or folder; raises `BundleError` for anything else and for a file that is too large."""
    seen = path.lstat()
    if not (stat.S_ISREG(seen.st_mode) or stat.S_ISDIR(seen.st_mode)):
        raise BundleError(f"{path} is a link, pipe or device, which no bundle has; export the model again.")
    if stat.S_ISREG(seen.st_mode) and seen.st_size > _LARGEST_FILE:
        raise BundleError(f"{path} has more than {_LARGEST_FILE / 1e9:.0f} GB, the most for a file of a bundle.")
    return seen.st_mode


def _sums(folder: Path, files: Sequence[File]) -> str:
    """SHA256SUMS, as it has to be."""
    sums = {file.path: file.sha256 for file in files} | {MANIFEST: digest(folder / MANIFEST)}
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
