"""Verification: what counts as agreement, and what as failure."""

import shutil

import numpy as np
import pytest

from exporter.bundle import Bundle
from exporter.errors import BundleError
from exporter.manifest import TensorSpec
from exporter.verify import compare, verify, verify_bundle

LOGITS = {"logits": np.array([[[1.0, -4.0, 3.0, 0.0, 2.0, 1.5]], [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]]], np.float32)}


def changed(difference: float, index: tuple[int, ...] = (0, 0, 0)) -> dict[str, np.ndarray]:
    logits = LOGITS["logits"].copy()
    logits[index] += difference
    return {"logits": logits}


def test_the_same_values_agree_entirely():
    parity = compare(LOGITS, LOGITS)["logits"]
    assert (parity.max_abs, parity.relative, parity.top1, parity.top5) == (0, 0, 1, 1)


def test_the_relative_error_is_that_of_the_largest_value_over_all_inputs():
    parity = compare(LOGITS, changed(0.5))["logits"]
    assert (parity.max_abs, parity.relative) == (0.5, 0.1)
    assert parity.per_vector == (0.125, 0)


def test_another_best_class_on_one_of_two_inputs_halves_the_agreement():
    assert compare(LOGITS, changed(10))["logits"].top1 == 0.5


def test_top_five_agreement_is_the_share_of_common_classes():
    # -4 becomes the second best of the first input and pushes the worst of its five, 0, out.
    assert compare(LOGITS, changed(6.5, (0, 0, 1)))["logits"].top5 == pytest.approx((4 / 5 + 1) / 2)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_never_agrees(value):
    assert compare(LOGITS, changed(value))["logits"].relative is None


def test_a_missing_output_never_agrees():
    assert compare(LOGITS, {})["logits"].relative is None


def test_an_output_of_another_shape_never_agrees():
    assert compare(LOGITS, {"logits": LOGITS["logits"][..., :3]})["logits"].relative is None


def test_outputs_of_zeros_agree_with_zeros_only():
    zeros = {"mask": np.zeros((1, 1, 4), np.float32)}
    assert compare(zeros, zeros)["mask"].relative == 0
    assert compare(zeros, {"mask": zeros["mask"] + 1e-3})["mask"].relative > 1


@pytest.fixture
def copy(bundles, tmp_path) -> Bundle:
    """A bundle that a test may damage."""
    path = tmp_path / "copy"
    shutil.copytree(bundles["mobilevit"].path, path)
    return Bundle.open(path)


def test_an_intact_bundle_passes_again(copy):
    statuses = {artifact.format: verdict.status for artifact, verdict in verify_bundle(copy)}
    assert statuses == {"coreml": "not executed", "executorch": "passed", "tflite": "passed", "onnx": "passed"}


def test_a_passed_artefact_names_the_runtime_that_ran_it(copy):
    runtimes = {artifact.format: verdict.runtime for artifact, verdict in verify_bundle(copy)}
    assert runtimes["coreml"] is None
    assert [runtimes[name].split()[0] for name in ("executorch", "tflite", "onnx")] == ["ExecuTorch", "LiteRT", "ONNX"]


@pytest.mark.parametrize("file", ["tflite/classify.tflite", "coreml/classify.mlpackage/Manifest.json"])
def test_an_altered_file_is_refused(copy, file):
    with (copy.path / file).open("ab") as opened:
        opened.write(b" ")
    with pytest.raises(BundleError, match="altered"):
        verify_bundle(copy)


def test_a_missing_file_is_refused(copy):
    (copy.path / "onnx" / "classify.onnx").unlink()
    with pytest.raises(BundleError, match=r"lacks onnx/classify\.onnx"):
        verify_bundle(copy)


def judged(bundle: Bundle, format: str, given: dict, expected: dict) -> tuple[str, str]:
    artifact = bundle.artifact(format, "classify")
    path = bundle.path / artifact.file
    verdict = verify(format, path, artifact.precision, artifact.inputs, artifact.outputs, given, expected)
    return verdict.status, verdict.detail


def test_a_failure_says_which_output_and_how_far_off(bundles):
    given, expected = bundles["mobilevit"].vectors("classify")
    status, detail = judged(bundles["mobilevit"], "onnx", given, {"logits": expected["logits"] * 1.01})
    assert status == "failed"
    assert detail.startswith("logits is off by 9.9e-03 of its range (max abs ")
    assert "1e-04 is allowed" in detail


def test_an_artefact_that_its_runtime_refuses_has_failed(copy):
    (copy.path / "tflite" / "classify.tflite").write_bytes(b"no model")
    status, detail = judged(copy, "tflite", *copy.vectors("classify"))
    assert status == "failed"
    assert "classify.tflite does not run" in detail


def test_a_package_that_cannot_be_run_fails_by_its_structure(copy):
    artifact = copy.artifact("coreml", "classify")
    wrong = TensorSpec(name="scores", shape=(1, 5), dtype="float32", layout="NC", meaning="")
    given, expected = copy.vectors("classify")
    verdict = verify("coreml", copy.path / artifact.file, "fp16", artifact.inputs, [wrong], given, expected)
    assert verdict.status == "failed"
    assert "scores" in verdict.detail
