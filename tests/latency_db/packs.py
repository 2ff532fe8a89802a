"""Packs' manifests and results for tests, of kernels that nobody lowered."""

import json
from pathlib import Path

from latency_db.packs import MANIFEST, read_pack


def pack_beside(folder: Path, keys: list[str], runtime: str = "tflite") -> str:
    """Write a manifest of these kernels into a folder; returns its SHA-256."""
    kernels = [
        {"key": key, "file": f"kernels/{number:04d}_kernel.tflite", "sha256": "0" * 64, "inputs": [], "uses": 1}
        for number, key in enumerate(keys)
    ]
    content = {
        "schema": 1,
        "made_by": "vitexport tests",
        "toolchain": {},
        "target": "pixel8",
        "runtime": runtime,
        "unit": "gpu",
        "precision": "fp32",
        "kernels": kernels,
    }
    (folder / MANIFEST).write_text(json.dumps(content))
    return read_pack(folder / MANIFEST).sha256


def result_of(pack: str, kernels: dict[str, dict[str, object]], **more: object) -> dict[str, object]:
    """What is written after a pack was timed."""
    return {
        "schema": 1,
        "device": {"model": "Pixel 8", "os": "Android 14", "soc": "Tensor G3"},
        "pack_sha256": pack,
        "backend": "tflite",
        "compute_unit": "gpu",
        "warmup": 5,
        "n": 50,
        "kernels": kernels,
        **more,
    }
