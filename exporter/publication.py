"""A finished bundle takes its place, where an older one gives way."""

from __future__ import annotations

from pathlib import Path

from pydantic_core import from_json

from exporter.atomic.publishing import move_all
from exporter.bundle import is_bundle
from exporter.contents import MANIFEST, read
from exporter.errors import BundleError


def refuse_to_replace(destination: Path) -> None:
    """Raise `BundleError` if `destination` is something else than a bundle, or its folder is a file."""
    if destination.parent.exists() and not destination.parent.is_dir():
        raise BundleError(f"--out {destination.parent} is a file; pass a folder.")
    if destination.exists() and not (destination / MANIFEST).is_file():
        raise BundleError(f"{destination} exists and is no bundle; move it away or pass another --out.")


def publish(folder: Path, destination: Path) -> str | None:
    """Move a finished bundle from a staging folder to its place beside that, where an older one gives way in one step.

    Returns when the older one was made; None if there was none.
    """
    refuse_to_replace(destination)
    replaced = _created(destination)
    for path in (folder, *folder.rglob("*")):  # toolchains write through temporary files, which only the owner may read
        path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o644))
    move_all(folder.parent, {folder.name: destination.name})
    return replaced


def _created(path: Path) -> str | None:
    """When the bundle at `path` was made, as it says; None if there is none."""
    if not is_bundle(path):
        return None
    try:
        content = from_json(read(path / MANIFEST))
    except (BundleError, ValueError):
        content = None
    return str(content.get("created", "at an unknown time")) if isinstance(content, dict) else "at an unknown time"
