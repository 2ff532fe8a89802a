"""Packs' manifests and results for tests, of kernels that nobody lowered, and packs that say something else."""

import json
import zipfile
from pathlib import Path

from latency_db.packs import MANIFEST, read_pack


def pack_beside(folder: Path, keys: list[str], runtime: str = "tflite", unit: str = "gpu") -> str:
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
        "unit": unit,
        "precision": "fp32",
        "kernels": kernels,
    }
    (folder / MANIFEST).write_text(json.dumps(content))
    return read_pack(folder / MANIFEST).sha256


def changed_pack(pack: Path, out: Path, **fields: object) -> Path:
    """A copy of a pack with other values in its manifest."""
    with zipfile.ZipFile(pack) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, json.dumps(json.loads(content) | fields) if name == MANIFEST else content)
    return out


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
