"""What apps post: results of bundles and of kernel packs, no two alike, with their manifests."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence


def bundle(model: str, size: int, graphs: Sequence[str], formats: Sequence[tuple[str, str]]) -> bytes:
    """The manifest of a bundle with these formats, each with its precision, as far as a latency needs it."""
    content = {
        "schema_version": 13,
        "model": {"name": model, "image_size": size, "task": "classify"},
        "variants": [{"format": format, "precision": precision, "delegate": None} for format, precision in formats],
        "graphs": [{"name": name, "inputs": []} for name in graphs],
    }
    return json.dumps(content).encode()


def pack(keys: Sequence[str]) -> bytes:
    """The manifest of a pack of these kernels for TFLite's CPU."""
    kernels = [
        {"key": key, "file": f"kernels/k{number}.tflite", "sha256": "0" * 64, "inputs": [], "uses": 1}
        for number, key in enumerate(keys)
    ]
    content = {"schema": 1, "made_by": "vitexport benchmarks", "toolchain": {}, "target": "pixel8",
               "runtime": "tflite", "unit": "cpu", "precision": "fp32", "kernels": kernels}  # fmt: skip
    return json.dumps(content).encode()


def result(
    manifest: bytes, device: str, backend: str, unit: str, draw: random.Random, **times: dict[str, dict[str, float]]
) -> bytes:
    """Of a manifest; `times` are its graphs or its kernels."""
    named = "pack_sha256" if "kernels" in times else "manifest_sha256"
    content = {
        "schema": 1,
        "device": {"model": device},
        named: hashlib.sha256(manifest).hexdigest(),
        "app_version": f"1.0+{draw.getrandbits(64):016x}",
        "backend": backend,
        "compute_unit": unit,
        "warmup": 5,
        "n": 50,
        **times,
    }
    return json.dumps(content).encode()
