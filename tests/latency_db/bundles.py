"""Manifests of bundles for tests, with as much in them as a latency needs."""

import json
from collections.abc import Sequence
from pathlib import Path

from latency_db.bundles import MANIFEST, read_bundle


def bundle_at(
    folder: Path,
    graphs: Sequence[str] = ("encode_image", "track_step"),
    coreml: Sequence[str] = ("fp16",),
    coreai: Sequence[str] = (),
) -> str:
    """Write the manifest of a tracker's bundle with Core ML and Core AI in these precisions; returns its SHA-256."""
    variants = [*(("coreml", precision) for precision in coreml), *(("coreai", precision) for precision in coreai)]
    content = {
        "schema_version": 13,
        "model": {"name": "efficienttam_s_512x512", "image_size": 512, "task": "track"},
        "variants": [{"format": format, "precision": precision, "delegate": None} for format, precision in variants],
        "graphs": [{"name": name, "inputs": []} for name in graphs],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).write_text(json.dumps(content))
    return read_bundle(folder).sha256
