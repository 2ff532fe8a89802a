"""Manifests and results of benchmarks as apps post them; the figures are made up."""

import hashlib
import json
from typing import Any

MANIFEST: dict[str, Any] = {
    "schema_version": 13,
    "model": {"name": "efficientformer_l1", "image_size": 224, "task": "classify"},
    "variants": [{"format": "tflite", "precision": "fp32", "delegate": "xnnpack"}],
    "graphs": [{"name": "classify", "inputs": []}],
}
CONTENT = json.dumps(MANIFEST).encode()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def result(ms: float = 30.0, **more: Any) -> dict[str, Any]:
    """That of a phone that timed the bundle's only graph."""
    return {
        "schema": 1,
        "device": {"model": "Pixel 8", "os": "Android 14", "soc": "Tensor G3"},
        "app_version": "1.0",
        "manifest_sha256": SHA256,
        "backend": "tflite",
        "compute_unit": "cpu",
        "threads": 4,
        "warmup": 5,
        "n": 50,
        "graphs": {"classify": {"p50": ms, "p90": ms * 1.1, "mean": ms}},
        "started_at": "2025-11-29T12:00:00Z",
        **more,
    }
