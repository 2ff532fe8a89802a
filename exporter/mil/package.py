"""A Core ML package on disk: where its specification and its weights lie, and what to do with what is no package.

Nothing of it needs coremltools.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import BackendError
from exporter.mistaken_files import HEAD, POINTER, is_pointer

_ARCHIVES = (".7z", ".bz2", ".gz", ".tar", ".tgz", ".xz")
"""Other archives than zip, by the ends of their names"""


@dataclass(frozen=True)
class Package:
    name: str
    specification: Path
    """A serialised `Model` of Core ML's protobuf format"""
    weights: Path
    """The folder of its weight files, which need not be there"""

    def check_weights(self, files: Iterable[str]) -> None:
        """Raises `BackendError` unless each of these weight files, by the specification's names, is there."""
        for name in sorted({Path(file).name for file in files}):
            _check_file(self.weights / name, self.name)


def find(path: Path) -> Package:
    """Where the parts of an .mlpackage lie; raises `BackendError` that says what else it is, and what to do."""
    path = path.absolute()  # the current folder has no name otherwise
    if not path.exists():
        raise BackendError(f"{path} does not exist: pass the folder of an .mlpackage.")
    if path.is_file():
        raise BackendError(_file_advice(path))
    manifest = path / "Manifest.json"
    if manifest.is_file() and _is_lfs_pointer(manifest):
        raise BackendError(_lfs_advice(f"Manifest.json in {path.name}"))
    items = _items(manifest)
    if items is None:
        raise BackendError(_folder_advice(path))
    root, weights = items
    specification = path / "Data" / root
    _check_file(specification, path.name)
    return Package(path.name, specification, path / "Data" / weights)


def _items(manifest: Path) -> tuple[str, str] | None:
    """Where the specification and the weights lie below `Data`, or nothing where this is no package's manifest."""
    try:
        content = json.loads(manifest.read_bytes())
        items = content["itemInfoEntries"]
        root = items[content["rootModelIdentifier"]]["path"]
        weights = (item["path"] for item in items.values() if item.get("name") == "weights")
        return str(root), str(next(weights, Path(root).parent / "weights"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _check_file(path: Path, package: str) -> None:
    if not path.is_file():
        raise BackendError(f"{package} lacks its file {path.name}: copy the whole package again.")
    if _is_lfs_pointer(path):
        raise BackendError(_lfs_advice(f"{path.name} in {package}"))


def _is_lfs_pointer(path: Path) -> bool:
    with path.open("rb") as file:
        return is_pointer(file.read(HEAD))


def _lfs_advice(name: str) -> str:
    return f"{name} is {POINTER.what}: {POINTER.remedy}."


def _file_advice(path: Path) -> str:
    """What a single file is instead of a package, and what to do."""
    package = _around(path)
    if package is not None:
        return f"{path.name} is only a part of {package.name}: pass the folder {package}."
    if _is_lfs_pointer(path):
        return _lfs_advice(path.name)
    names = _archived(path)
    if any(name.endswith(("coremldata.bin", ".mlmodelc/")) for name in names):
        return f"{path.name} is an archive of a compiled model, which Apple's runtime alone reads: {_PASS_SOURCE}."
    if any(name.endswith(("Manifest.json", ".mlpackage/")) for name in names) or path.suffix in _ARCHIVES:
        return f"{path.name} is an archive: unpack it, and pass the .mlpackage folder that is in it."
    if path.suffix == ".mlmodel":
        return f"{path.name} is a model file of Core ML's older kind, not a package: {_CONVERT}."
    return f"{path.name} is no Core ML package: pass the folder of an .mlpackage."


def _folder_advice(path: Path) -> str:
    """What a folder without a package's manifest is, and what to do."""
    package = _around(path)
    if package is not None:
        return f"{path.name} is only a part of {package.name}: pass the folder {package}."
    if path.suffix == ".mlmodelc" or (path / "coremldata.bin").exists() or (path / "model.mil").exists():
        return f"{path.name} is a compiled model, which Apple's runtime alone reads: {_PASS_SOURCE}."
    inside = sorted([*path.glob("*.mlpackage"), *path.glob("*/*.mlpackage")])
    if inside:
        return f"{path.name} is no package itself but holds {inside[0].relative_to(path)}: pass {inside[0]}."
    if (path / "Data").is_dir() or path.suffix == ".mlpackage":
        return f"{path.name} has no Manifest.json that names its parts: copy the whole package again."
    return f"{path.name} is a folder without a Manifest.json, and so no Core ML package: pass an .mlpackage."


def _archived(path: Path) -> list[str]:
    """What a zip archive holds; nothing of any other file."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except zipfile.BadZipFile:
        return []


def _around(path: Path) -> Path | None:
    """The package that a path lies in."""
    return next((parent for parent in path.parents if parent.suffix == ".mlpackage"), None)


_CONVERT = "convert the model anew with coremltools.convert(…, convert_to='mlprogram'), and save it as .mlpackage"
_PASS_SOURCE = "pass the .mlpackage that it was compiled from"
