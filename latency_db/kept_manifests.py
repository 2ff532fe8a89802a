"""Manifests of packs and bundles among the user's data, by their SHA-256, so that results are known to be of them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Literal

from latency_db.store.user_file import user_file

Kind = Literal["packs", "bundles"]


def keep(kind: Kind, manifest: bytes) -> None:
    """Raises `OSError`."""
    path = kept(kind, hashlib.sha256(manifest).hexdigest())
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    unfinished.write_bytes(manifest)
    unfinished.replace(path)


def kept(kind: Kind, sha256: str) -> Path:
    """Where the manifest of this name is, if it was kept."""
    return user_file().parent / kind / f"{sha256}.json"
