"""A sweep stores what it times, and goes on where it was stopped; artefacts that crash cost themselves only."""

from pathlib import Path

import pytest

from exporter.bench.host.sweep import sweep
from exporter.bench.kernels.artifacts import KernelFolder, NotMade, of_pictures
from exporter.bench.timing.timekeeper import Timed, time_artifacts
from latency_db import store
from latency_db.kernel import Kernel
from latency_db.measurement import Subject

KERNELS = [
    Kernel.of_key(key)
    for key in (
        "conv 1x16x14x14>1x16x14x14 k1x1 s1x1 conv2d+relu float32",
        "softmax 1x2x9x9>1x2x9x9 softmax float32",
        "elementwise 1x9x16>1x9x16 gelu float32",
    )
]
IMPOSSIBLE = Kernel.of_key("resampling 1x4x8x8,1x8x8x2>1x4x8x8 grid_sampler float32")


def test_a_sweep_is_stored_and_what_is_stored_is_not_timed_again(tmp_path, monkeypatch):
    monkeypatch.setattr("exporter.bench.sweep.SECONDS", 0.01)
    said = []
    with store.open(f"sqlite:///{tmp_path}/latency.sqlite3") as opened:
        folder = KernelFolder(tmp_path / "kernels")

        def swept(kernels):
            return sweep(opened, "onnx", 1, kernels, folder, 1.0, lambda what, share: said.append((what, share)))

        first = swept(KERNELS[:2])
        rows = [record.measurement for record in opened.measurements(kind="kernel")]
        assert (first.timed, first.known, first.left) == (2, 0, 0)
        assert {row.subject for row in rows} == {Subject.of_kernel(kernel) for kernel in KERNELS[:2]}
        assert all(row.device.id == "host" and row.conditions.threads == 1 and row.quality for row in rows)
        assert all(row.latency.p50 < 5 and "commit" in row.source.reference for row in rows)

        doubtful = sum(row.quality == "busy" for row in rows)
        second = swept([*KERNELS, IMPOSSIBLE])
        assert (second.timed, second.known, second.impossible) == (1 + doubtful, 2, 1)
    assert said[0] == ("onnx: 0 of 2 kernels, 1 min left", 0)


def test_no_time_leaves_all_for_the_next(tmp_path):
    with store.open(f"sqlite:///{tmp_path}/latency.sqlite3") as opened:
        found = sweep(opened, "onnx", 1, KERNELS, KernelFolder(tmp_path), 0.0, lambda what, share: None)
    assert (found.timed, found.left) == (0, 3)


def test_a_kernel_that_cannot_be_made_is_not_tried_twice(tmp_path):
    folder = KernelFolder(tmp_path)
    for _ in range(2):
        with pytest.raises(NotMade, match="grid_sampler"):
            folder.made(IMPOSSIBLE, "onnx")
    assert len(list(tmp_path.rglob("*.json"))) == 1


@pytest.mark.parametrize("runtime", ["executorch", "tflite"])
def test_kernels_run_laid_out_as_in_models(runtime, tmp_path):
    made = KernelFolder(tmp_path).made(KERNELS[0], runtime)
    assert made.shapes == {"x0": (1, 14, 14, 16) if runtime == "tflite" else (1, 16, 14, 14)}
    (times,) = time_artifacts(runtime, [made], 0.01, 1)
    assert times.error == ""
    assert times.samples.latency.p50 < 5


def test_one_that_does_not_load_costs_itself_only(tmp_path):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    good = KernelFolder(tmp_path).made(KERNELS[1], "onnx")
    first, second = time_artifacts("onnx", [Timed(broken, {"x0": (1,)}), good], 0.01, 1)
    assert first.samples is None
    assert "broken.onnx" in first.error or "protobuf" in first.error
    assert second.samples is not None


@pytest.mark.parametrize(
    ("key", "pictures"),
    [
        ("conv 1x16x14x14>1x16x14x14 k1x1 s1x1 conv2d float32", True),
        ("pooling 1x16x14x14>1x16 mean float32", True),
        ("elementwise 1x16x14x14,16x1x1>1x16x14x14 mul float32", True),
        ("elementwise 1x8x49x49,1x8x49x49>1x8x49x49 add float32", False),
        ("softmax 1x8x49x49>1x8x49x49 softmax float32", False),
        ("normalisation 1x49x16>1x49x16 layer_norm float32", False),
    ],
)
def test_pictures_are_told_from_tokens_and_attention(key, pictures):
    assert of_pictures(Kernel.of_key(key)) is pictures


def test_a_folder_that_is_used_twice_is_the_same(tmp_path):
    first, second = (KernelFolder(Path(tmp_path)).made(KERNELS[1], "onnx") for _ in range(2))
    assert first == second
