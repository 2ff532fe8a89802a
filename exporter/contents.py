"""The files of a bundle: what may lie in it, and their checksums.

A bundle may come from anywhere. `survey` lets nothing be in it but files, as many as any bundle has, so that no path of
its manifest leads out; `check` holds all of them against the manifest's list and against SHA256SUMS, which
`sha256sum --check` reads too.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from exporter.budgets import BUNDLE_BYTES, BUNDLE_FILES, MANIFEST_FILE
from exporter.errors import BundleError
from exporter.manifest import MOST_PARTS, File, Manifest

MANIFEST, SUMS, REPORT = "manifest.json", "SHA256SUMS", "report.html"

_OF_FILE_MANAGERS = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""What they leave in folders that are looked at"""


def seal(folder: Path, manifest: Manifest) -> Manifest:
    """Write the manifest of a finished bundle, with a list of all other files in it, and their checksums."""
    names = [name for name in _known(folder, manifest) if name not in (MANIFEST, SUMS)]
    files = [File(path=name, bytes=size_of(folder / name), sha256=digest(folder / name)) for name in names]
    sealed = manifest.model_copy(update={"files": tuple(files)})
    (folder / MANIFEST).write_text(sealed.model_dump_json(indent=2) + "\n")
    (folder / SUMS).write_text(_sums(folder, sealed))
    return sealed


def check(folder: Path, manifest: Manifest) -> None:
    """Hold all that lies in a bundle against the files that its manifest lists, and its checksums.

    Raises `BundleError` for a file that is missing, altered, or not listed.
    """
    there = set(_known(folder, manifest))
    listed = {MANIFEST, SUMS, *(file.path for file in manifest.files)}
    if missing := listed - there:
        raise BundleError(f"{folder} lacks {min(missing)}; export the model again.")
    if unknown := there - listed:
        raise BundleError(f"{folder} holds {min(unknown)}, which it does not list; remove that, or export again.")
    for file in manifest.files:
        path = folder / file.path
        if size_of(path) != file.bytes or digest(path) != file.sha256:
            raise BundleError(f"{path} was altered after export; export the model again.")
    if read(folder / SUMS) != _sums(folder, manifest).encode():
        raise BundleError(f"{folder / MANIFEST} and {SUMS} do not agree, so one was altered; export the model again.")


def survey(folder: Path) -> list[str]:
    """All files in a bundle by their paths in it, in order.

    Raises `BundleError` for a link, a pipe or a device, and for more files, bytes, or folders in folders than any has.
    """
    files, count, size, folders = list[str](), 0, 0, [folder]
    while folders:
        for path in folders.pop().iterdir():
            seen, inner = _file_or_folder(path), path.relative_to(folder)
            count += 1
            BUNDLE_FILES.check(count, folder, BundleError)
            if len(inner.parts) > MOST_PARTS:
                raise BundleError(f"{folder} has folders in more than {MOST_PARTS} folders, and no bundle does.")
            if stat.S_ISDIR(seen.st_mode):
                folders.append(path)
                continue
            size += seen.st_size
            BUNDLE_BYTES.check(size, folder, BundleError)
            files.append(inner.as_posix())
    return sorted(files)


def read(path: Path) -> bytes:
    """The manifest or the checksums of a bundle; raises `BundleError` for a larger one and for what is no file."""
    seen = _file_or_folder(path)
    if not stat.S_ISREG(seen.st_mode):
        raise BundleError(f"{path} is a folder, and should be a file; export the model again.")
    MANIFEST_FILE.check(seen.st_size, path, BundleError)
    return path.read_bytes()


def digest(path: Path) -> str:
    """sha256 of a file, as `sha256sum` has it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) if path.is_dir() else path.stat().st_size


def _known(folder: Path, manifest: Manifest) -> list[str]:
    """All files in a bundle, in order, but for what file managers leave where no artefact could read it."""
    with_artefacts = tuple(path[: path.rfind("/") + 1] for path in manifest.paths)
    names = survey(folder)
    left = {name for name in names if name.rpartition("/")[2] in _OF_FILE_MANAGERS}
    return [name for name in names if name not in left or name.startswith(with_artefacts)]


def _file_or_folder(path: Path) -> os.stat_result:
    """What the system says of it; raises `BundleError` for anything else."""
    seen = path.lstat()
    if not (stat.S_ISREG(seen.st_mode) or stat.S_ISDIR(seen.st_mode)):
        raise BundleError(f"{path} is a link, pipe or device, which no bundle has; export the model again.")
    return seen


def _sums(folder: Path, manifest: Manifest) -> str:
    """SHA256SUMS, as it has to be."""
    sums = {file.path: file.sha256 for file in manifest.files} | {MANIFEST: digest(folder / MANIFEST)}
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
