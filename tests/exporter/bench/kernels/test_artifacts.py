"""Kernels as artefacts: laid out as in models, and made once."""

import pytest

from exporter.bench.kernels.artifacts import KernelFolder, NotMade, build_of, runtimes_here
from exporter.bench.kernels.graphs import of_pictures
from exporter.bench.timing.timekeeper import time_artifacts
from latency_db.kernel import Kernel
from tests.exporter.bench.host.kernels_here import IMPOSSIBLE, KERNELS


@pytest.mark.parametrize("runtime", ["executorch", "tflite"])
def test_kernels_run_laid_out_as_in_models(runtime, tmp_path):
    made = KernelFolder(tmp_path).made(KERNELS[0], runtime)
    assert made.shapes == {"input_0": (1, 14, 14, 16) if runtime == "tflite" else (1, 16, 14, 14)}
    assert made.channels_last == (() if runtime == "tflite" else ("input_0",))
    (times,) = time_artifacts(runtime, [made], 0.01, 1)
    assert times.error == ""
    assert 1e-4 < times.samples.latency.p50 < 5


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


def test_an_artefact_that_is_there_is_not_made_again(tmp_path):
    first = KernelFolder(tmp_path).made(KERNELS[1], "onnx")
    made_at = first.file.stat().st_mtime_ns
    assert KernelFolder(tmp_path).made(KERNELS[1], "onnx") == first
    assert first.file.stat().st_mtime_ns == made_at


def test_one_that_was_cut_short_is_made_again(tmp_path):
    """What says that it is whole is written last, and whole or not at all."""
    first = KernelFolder(tmp_path).made(KERNELS[1], "onnx")
    whole = first.file.read_bytes()
    (facts,) = tmp_path.rglob("*.json")
    facts.rename(facts.with_suffix(".part"))
    first.file.write_bytes(whole[:10])
    assert KernelFolder(tmp_path).made(KERNELS[1], "onnx").file.read_bytes() == whole


def test_what_nobody_can_make_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(NotMade, match="grid_sampler"):
        KernelFolder(tmp_path).made(IMPOSSIBLE, "onnx")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_folder_that_cannot_be_written_is_no_refusal(tmp_path):
    (tmp_path / "kernels").write_text("a file")
    with pytest.raises(OSError, match="kernels"):
        KernelFolder(tmp_path / "kernels").made(KERNELS[1], "onnx")


def test_artefacts_of_each_build_have_a_folder(tmp_path):
    assert KernelFolder(tmp_path).made(KERNELS[1], "onnx").file.parent.name == build_of("onnx")
    assert build_of("onnx") != build_of("tflite")


def test_runtimes_are_those_that_are_asked_for_else_all_that_are_installed():
    assert runtimes_here(["tflite", "onnx"]) == ["onnx", "tflite"]
    assert runtimes_here([]) == ["onnx", "executorch", "tflite"]
