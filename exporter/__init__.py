"""vitexport: vision transformers to verified Core ML, ExecuTorch, TFLite and ONNX bundles.

This is the public API. Importing it imports no toolchain and no torch; each name does when it is first used, and says
how what is missing is installed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from exporter import telemetry
from exporter.errors import MissingPackageError

if TYPE_CHECKING:
    from exporter.bundle import Bundle
    from exporter.errors import VerificationError, VitexportError, VitexportWarning, WeightsError
    from exporter.inference.classify import classify_photo
    from exporter.inference.prompts import Prompt
    from exporter.inference.segment import segment_photo
    from exporter.inference.track import track_file
    from exporter.inference.tracker import open_tracker, track_video
    from exporter.lint.model_or_bundle import lint_bundle, lint_model
    from exporter.models.registry import create_model, list_models
    from exporter.models.weights.loading import load_weights
    from exporter.pipeline import export
    from exporter.plan import ExportRequest
    from exporter.verify.arm64.verify import verify_bundle_on_arm64
    from exporter.verify.artifact import verify_bundle
    from exporter.verify.litert_gpu.verify import verify_bundle_on_gpu

telemetry.switch_off()

_HOMES = {
    "Bundle": "exporter.bundle",
    "ExportRequest": "exporter.plan",
    "Prompt": "exporter.inference.prompts",
    "VerificationError": "exporter.errors",
    "VitexportError": "exporter.errors",
    "VitexportWarning": "exporter.errors",
    "WeightsError": "exporter.errors",
    "classify_photo": "exporter.inference.classify",
    "create_model": "exporter.models.registry",
    "export": "exporter.pipeline",
    "lint_bundle": "exporter.lint.model_or_bundle",
    "lint_model": "exporter.lint.model_or_bundle",
    "list_models": "exporter.models.registry",
    "load_weights": "exporter.models.weights.loading",
    "open_tracker": "exporter.inference.tracker",
    "segment_photo": "exporter.inference.segment",
    "track_file": "exporter.inference.track",
    "track_video": "exporter.inference.tracker",
    "verify_bundle": "exporter.verify.artifact",
    "verify_bundle_on_arm64": "exporter.verify.arm64.verify",
    "verify_bundle_on_gpu": "exporter.verify.litert_gpu.verify",
}

__all__ = [
    "Bundle",
    "ExportRequest",
    "Prompt",
    "VerificationError",
    "VitexportError",
    "VitexportWarning",
    "WeightsError",
    "classify_photo",
    "create_model",
    "export",
    "lint_bundle",
    "lint_model",
    "list_models",
    "load_weights",
    "open_tracker",
    "segment_photo",
    "track_file",
    "track_video",
    "verify_bundle",
    "verify_bundle_on_arm64",
    "verify_bundle_on_gpu",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'exporter' has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(_HOMES[name]), name)
    except ModuleNotFoundError as missing:
        raise MissingPackageError(missing) from None


def __dir__() -> list[str]:
    return __all__
