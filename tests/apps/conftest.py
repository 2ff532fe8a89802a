"""What the apps' tests have in common."""

from pathlib import Path

import pytest

import exporter
from exporter.bundle import Bundle
from tests.shared import made_once


@pytest.fixture(scope="session")
def app_bundle(shared: Path) -> Bundle:
    """The tracker that comes with trained weights, in single precision, in every format that an app runs."""

    def export(out: Path) -> None:
        formats = ["onnx", "tflite", "executorch", "coreml"]
        exporter.export("efficienttam_nano", formats=formats, precision="fp32", weights="required", workers=1, out=out)

    (path,) = made_once(shared / "bundles" / "tracker for apps", export).iterdir()
    return Bundle.open(path)
