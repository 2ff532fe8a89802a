"""Verification: what counts as agreement, and what as failure."""

import shutil
from importlib.metadata import version

import numpy as np
import pytest

from exporter.backends import onnx
from exporter.bundle import Bundle
from exporter.errors import BundleError
from exporter.manifest import Parity, TensorSpec
from exporter.verify import TOLERANCES, compare, few_are_off, mask_iou, run_all, verify, verify_bundle

LOGITS = {"logits": np.array([[[1.0, -4.0, 3.0, 0.0, 2.0, 1.5]], [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]]], np.float32)}


def changed(difference: float, index: tuple[int, ...] = (0, 0, 0)) -> dict[str, np.ndarray]:
    logits = LOGITS["logits"].copy()
    logits[index] += difference
    return {"logits": logits}


def test_a_time_box_ends_the_run_after_the_input_that_it_ran_out_in(bundles):
    bundle = bundles["mobilevit"]
    given, _ = bundle.vectors("classify")
    runner, seen = bundle.runner("onnx", "classify"), []
    results = run_all(runner, given, seconds=0, progress=lambda done, count: seen.append((done, count)))
    assert (len(results["logits"]), seen) == (1, [(0, len(given["image"]))])


def test_a_verification_cut_short_says_how_many_inputs_it_had(bundles, monkeypatch):
    monkeypatch.setattr(onnx, "SECONDS", 0.0)
    bundle = bundles["mobilevit"]
    artifact, graph = bundle.artifact("onnx", "classify"), bundle.graph("classify")
    path, vectors = bundle.path / artifact.file, bundle.vectors("classify")
    found = verify("onnx", path, "fp32", graph.inputs, graph.outputs, *vectors)
    assert (found.status, found.vectors, found.left_out) == ("passed", 1, 15)
    assert "on 1 of 16 inputs; then its 0 s were up" in found.detail
    assert len(found.outputs["logits"].per_vector) == 1


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


def test_noise_is_told_against_the_peak_over_all_inputs():
    # The peak is 5, and one of the twelve values is off by half.
    assert compare(LOGITS, changed(0.5))["logits"].psnr == pytest.approx(20 * np.log10(5 / np.sqrt(0.25 / 12)))


def test_a_tenth_of_the_noise_is_twenty_decibels_more():
    loud, quiet = (compare(LOGITS, changed(noise))["logits"].psnr for noise in (0.5, 0.05))
    assert quiet - loud == pytest.approx(20, abs=1e-3)


@pytest.mark.parametrize("actual", [LOGITS, changed(np.nan), changed(np.inf), {}])
def test_there_is_no_ratio_to_noise_that_is_none_or_not_finite(actual):
    assert compare(LOGITS, actual)["logits"].psnr is None


@pytest.mark.parametrize(("actual", "share"), [(changed(np.nan, (0, 0, 3)), 0.5), ({}, 0)])
def test_class_scores_that_are_not_finite_agree_on_no_class(actual, share):
    parity = compare(LOGITS, actual)["logits"]
    assert (parity.top1, parity.top5) == (share, share)


def masks(*rows: list[float]) -> dict[str, np.ndarray]:
    return {"mask_logits": np.array(rows, np.float32).reshape(len(rows), 1, 1, 1, -1)}


def test_masks_are_compared_by_the_least_iou_of_an_input():
    expected = masks([1, 1, -1, -1], [1, 1, 1, -1])
    assert compare(expected, expected)["mask_logits"].mask_iou == 1
    assert compare(expected, masks([2, 3, -9, -1], [1, 1, -1, -1]))["mask_logits"].mask_iou == pytest.approx(2 / 3)


@pytest.mark.parametrize("actual", [masks([1, 1, -1, np.nan]), masks([1, 1, -1]), {}])
def test_a_mask_that_is_missing_misshapen_or_not_finite_has_no_iou(actual):
    assert compare(masks([1, 1, -1, -1]), actual)["mask_logits"].mask_iou == 0


def test_only_masks_have_an_iou_and_only_class_scores_a_best_class():
    outputs = LOGITS | masks([1, -1], [1, -1]) | {"iou": np.ones((2, 1, 1), np.float32)}
    parity = compare(outputs, outputs)
    assert {name for name, output in parity.items() if output.mask_iou is not None} == {"mask_logits"}
    assert {name for name, output in parity.items() if output.top1 is not None} == {"logits"}


def test_iou_of_masks():
    left, half = np.array([True, True, False, False]), np.array([True, False, False, False])
    assert mask_iou(left, half) == 0.5
    assert mask_iou(left, ~left) == 0
    assert mask_iou(~left & left, half & ~half) == 1


@pytest.fixture
def copy(bundles, tmp_path) -> Bundle:
    """A bundle that a test may damage."""
    path = tmp_path / "copy"
    shutil.copytree(bundles["mobilevit"].path, path)
    return Bundle.open(path)


def test_an_intact_bundle_passes_again(copy):
    statuses = {artifact.format: verdict.status for artifact, verdict in verify_bundle(copy)}
    assert statuses == {"coreml": "passed", "executorch": "passed", "tflite": "passed", "onnx": "passed"}


def test_a_passed_artefact_names_the_runtime_that_ran_it(copy):
    runtimes = {artifact.format: verdict.runtime for artifact, verdict in verify_bundle(copy)}
    assert runtimes["coreml"] == f"MIL interpreter {version('vitexport')} in half precision"
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


def test_a_package_that_describes_other_outputs_to_apps_fails(copy):
    artifact = copy.artifact("coreml", "classify")
    wrong = TensorSpec(name="scores", shape=(1, 5), dtype="float32", layout="NC", meaning="")
    given, expected = copy.vectors("classify")
    verdict = verify("coreml", copy.path / artifact.file, "fp16", artifact.inputs, [wrong], given, expected)
    assert verdict.status == "failed"
    assert "scores" in verdict.detail


def test_a_mask_of_other_pixels_fails_even_within_the_relative_error(tracker_bundle):
    artifact = tracker_bundle.artifact("onnx", "prompt_points")
    given, expected = tracker_bundle.vectors("prompt_points")
    logits = expected["mask_logits"]
    shifted = expected | {"mask_logits": logits + np.float32(0.019 * np.abs(logits).max())}
    path = tracker_bundle.path / artifact.file
    verdict = verify("onnx", path, "fp16", artifact.inputs, artifact.outputs, given, shifted)
    assert verdict.status == "failed"
    assert verdict.detail.startswith("mask_logits has a mask of IoU 0.9")
    assert verdict.detail.endswith("0.98 is asked")


def one_of_4000_is_off_by(worst: float) -> Parity:
    expected = np.sin(np.arange(4000, dtype=np.float32))[None]
    actual = expected.copy()
    actual[0, 7] += worst
    return compare({"memory": expected}, {"memory": actual})["memory"]


def test_in_half_precision_a_few_elements_of_a_memory_may_be_off_if_the_rest_agrees():
    parity, tolerance = one_of_4000_is_off_by(0.2), TOLERANCES["fp16"]
    assert parity.relative > tolerance.relative
    assert few_are_off(parity, tolerance)
    assert not few_are_off(parity, TOLERANCES["fp32"])


def test_in_half_precision_too_much_noise_fails():
    parity, tolerance = one_of_4000_is_off_by(0.9), TOLERANCES["fp16"]
    assert parity.psnr < tolerance.psnr
    assert not few_are_off(parity, tolerance)


def test_of_equal_scores_the_first_is_the_best():
    """Half precision makes scores equal that were not."""
    expected = {"logits": np.array([[[1.0, 3.0, 2.999]]], np.float32)}
    actual = {"logits": np.array([[[1.0, 3.0, 3.0]]], np.float32)}
    assert compare(expected, actual)["logits"].top1 == 1
