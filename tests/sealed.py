"""Bundles that tests change, and make whole again."""

from pathlib import Path
from typing import Any

from exporter.contents import MANIFEST, seal, size_of
from exporter.manifest import Manifest


def seal_again(bundle: Path, **changes: Any) -> Manifest:
    """Change a manifest, and let it and the checksums list the files that are there now, with their sizes."""
    manifest = Manifest.model_validate_json((bundle / MANIFEST).read_bytes())
    sized = [one.model_copy(update={"bytes": size_of(bundle / one.file)}) for one in manifest.artifacts]
    return seal(bundle, manifest.model_copy(update={"artifacts": tuple(sized)} | changes))


def keep_only(bundle: Path, format: str) -> Manifest:
    """Let a bundle be of one format."""
    manifest = Manifest.model_validate_json((bundle / MANIFEST).read_bytes())
    kept = {
        name: tuple(one for one in getattr(manifest, name) if one.format == format)
        for name in ("artifacts", "findings", "variants", "rollouts", "latencies")
    }
    return seal_again(bundle, **kept)
