"""Bundles that tests of several commands read, or change copies of."""

import shutil
from pathlib import Path

import pytest

from exporter.media.sample_clip import sample_clip
from exporter.media.videos.writing import video_writer
from tests.sealed import keep_only
from tests.shared import made_once


@pytest.fixture
def onnx_bundle(two_precisions: Path, tmp_path: Path) -> Path:
    """A copy, to be changed, with its ONNX file only, which is the quickest to run."""
    path = tmp_path / "onnx-only"
    shutil.copytree(two_precisions, path)
    keep_only(path, "onnx")
    return path


@pytest.fixture(scope="session")
def clip(shared: Path) -> str:
    """A video of four frames, 64 pixels wide and 48 high."""

    def write(folder: Path) -> None:
        frames, _ = sample_clip(4, 48, 64)
        with video_writer(folder / "clip.mp4", 8, 64, 48) as writer:
            for frame in frames:
                writer.write(frame)

    return str(made_once(shared / "clip", write) / "clip.mp4")
