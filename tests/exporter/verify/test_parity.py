"""Parity: what counts as agreement of two runs, and what does not."""

import numpy as np
import pytest

from exporter.manifest import Kind, Parity, TensorSpec
from exporter.operations.relative_error import relative_error
from exporter.verify.parity import compare, few_are_off, judge, mask_iou
from exporter.verify.tolerances import TOLERANCES

KINDS: dict[str, Kind] = {"logits": "class_scores", "mask_logits": "mask_logits"}
LOGITS = {"logits": np.array([[[1.0, -4.0, 3.0, 0.0, 2.0, 1.5]], [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]]], np.float32)}


def compared(expected: dict[str, np.ndarray], actual: dict[str, np.ndarray]) -> dict[str, Parity]:
    return compare(expected, actual, KINDS)


def changed(difference: float, index: tuple[int, ...] = (0, 0, 0)) -> dict[str, np.ndarray]:
    logits = LOGITS["logits"].copy()
    logits[index] += difference
    return {"logits": logits}


def test_the_same_values_agree_entirely():
    parity = compared(LOGITS, LOGITS)["logits"]
    assert (parity.max_abs, parity.relative, parity.top1, parity.top5) == (0, 0, 1, 1)


def test_the_relative_error_is_that_of_the_largest_value_over_all_inputs():
    parity = compared(LOGITS, changed(0.5))["logits"]
    assert (parity.max_abs, parity.relative) == (0.5, 0.1)
    assert parity.per_vector == (0.125, 0)


def test_another_best_class_on_one_of_two_inputs_halves_the_agreement():
    assert compared(LOGITS, changed(10))["logits"].top1 == 0.5


def test_top_five_agreement_is_the_share_of_common_classes():
    # -4 becomes the second best of the first input and pushes the worst of its five, 0, out.
    assert compared(LOGITS, changed(6.5, (0, 0, 1)))["logits"].top5 == pytest.approx((4 / 5 + 1) / 2)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_never_agrees(value):
    assert compared(LOGITS, changed(value))["logits"].relative is None


def test_a_missing_output_never_agrees():
    assert compared(LOGITS, {})["logits"].relative is None


def test_an_output_of_another_shape_never_agrees():
    assert compared(LOGITS, {"logits": LOGITS["logits"][..., :3]})["logits"].relative is None


def test_of_one_class_there_is_no_best_and_of_five_no_five_best():
    one, five = np.array([[[2.0]], [[-1.0]]], np.float32), LOGITS["logits"][..., :5]
    alone = compare({"logits": one}, {"logits": one}, {"logits": "label_scores"})["logits"]
    assert (alone.top1, alone.top5, alone.labels) == (None, None, 1)
    few = compared({"logits": five}, {"logits": five})["logits"]
    assert (few.top1, few.top5) == (1, None)


def test_labels_are_alike_where_their_scores_are_on_the_same_side_of_zero():
    expected = np.array([[[2.0, -1.0, 0.5, -0.5]]], np.float32)
    actual = np.array([[[1.0, -9.0, -0.1, np.nan]]], np.float32)
    parity = compare({"logits": expected}, {"logits": actual}, {"logits": "label_scores"})["logits"]
    assert parity.labels == 0.5
    assert parity.top1 is None


def test_labels_that_are_judged_otherwise_fail():
    expected = np.array([[[8.0, 1e-4]]] * 2, np.float32)
    spec = TensorSpec(name="logits", shape=(1, 2), dtype="float32", layout="NC", kind="label_scores", meaning="")
    found = judge({"logits": expected}, {"logits": expected - 2e-4}, [spec], TOLERANCES["fp32"].outputs, "a runtime")
    assert found.status == "failed"
    assert found.detail == "logits judges 50.00% of the labels otherwise"


def test_outputs_of_zeros_agree_with_zeros_only():
    zeros = {"mask": np.zeros((1, 1, 4), np.float32)}
    assert compared(zeros, zeros)["mask"].relative == 0
    assert compared(zeros, {"mask": zeros["mask"] + 1e-3})["mask"].relative > 1


def test_noise_is_told_against_the_peak_over_all_inputs():
    # The peak is 5, and one of the twelve values is off by half.
    assert compared(LOGITS, changed(0.5))["logits"].psnr == pytest.approx(20 * np.log10(5 / np.sqrt(0.25 / 12)))


def test_a_tenth_of_the_noise_is_twenty_decibels_more():
    loud, quiet = (compared(LOGITS, changed(noise))["logits"].psnr for noise in (0.5, 0.05))
    assert quiet - loud == pytest.approx(20, abs=1e-3)


@pytest.mark.parametrize("actual", [LOGITS, changed(np.nan), changed(np.inf), {}])
def test_there_is_no_ratio_to_noise_that_is_none_or_not_finite(actual):
    assert compared(LOGITS, actual)["logits"].psnr is None


@pytest.mark.parametrize(("actual", "share"), [(changed(np.nan, (0, 0, 3)), 0.5), ({}, 0)])
def test_class_scores_that_are_not_finite_agree_on_no_class(actual, share):
    parity = compared(LOGITS, actual)["logits"]
    assert (parity.top1, parity.top5) == (share, share)


def masks(*rows: list[float]) -> dict[str, np.ndarray]:
    return {"mask_logits": np.array(rows, np.float32).reshape(len(rows), 1, 1, 1, -1)}


def test_masks_are_compared_by_the_least_iou_of_an_input():
    expected = masks([1, 1, -1, -1], [1, 1, 1, -1])
    assert compared(expected, expected)["mask_logits"].mask_iou == 1
    assert compared(expected, masks([2, 3, -9, -1], [1, 1, -1, -1]))["mask_logits"].mask_iou == pytest.approx(2 / 3)


@pytest.mark.parametrize("actual", [masks([1, 1, -1, np.nan]), masks([1, 1, -1]), {}])
def test_a_mask_that_is_missing_misshapen_or_not_finite_has_no_iou(actual):
    assert compared(masks([1, 1, -1, -1]), actual)["mask_logits"].mask_iou == 0


def test_only_masks_have_an_iou_and_only_class_scores_a_best_class():
    outputs = LOGITS | masks([1, -1], [1, -1]) | {"iou": np.ones((2, 1, 1), np.float32)}
    parity = compared(outputs, outputs)
    assert {name for name, output in parity.items() if output.mask_iou is not None} == {"mask_logits"}
    assert {name for name, output in parity.items() if output.top1 is not None} == {"logits"}


def test_iou_of_masks():
    left, half = np.array([True, True, False, False]), np.array([True, False, False, False])
    assert mask_iou(left, half) == 0.5
    assert mask_iou(left, ~left) == 0
    assert mask_iou(~left & left, half & ~half) == 1


def one_of_4000_is_off_by(worst: float) -> Parity:
    expected = np.sin(np.arange(4000, dtype=np.float32))[None]
    actual = expected.copy()
    actual[0, 7] += worst
    return compared({"memory": expected}, {"memory": actual})["memory"]


def test_in_half_precision_a_few_elements_of_a_memory_may_be_off_if_the_rest_agrees():
    parity, tolerance = one_of_4000_is_off_by(0.2), TOLERANCES["fp16"].outputs
    assert parity.relative > tolerance.relative
    assert few_are_off(parity, tolerance)
    assert not few_are_off(parity, TOLERANCES["fp32"].outputs)


def test_in_half_precision_too_much_noise_fails():
    parity, tolerance = one_of_4000_is_off_by(0.9), TOLERANCES["fp16"].outputs
    assert parity.psnr < tolerance.psnr
    assert not few_are_off(parity, tolerance)


def test_of_equal_scores_the_first_is_the_best():
    """Half precision makes scores equal that were not."""
    expected = {"logits": np.array([[[1.0, 3.0, 2.999]]], np.float32)}
    actual = {"logits": np.array([[[1.0, 3.0, 3.0]]], np.float32)}
    assert compared(expected, actual)["logits"].top1 == 1


def test_how_many_inputs_agree_is_told_in_plain_words():
    spec = TensorSpec(name="iou", shape=(1,), dtype="float32", layout="N", kind="score", meaning="")
    for count, said in ((1, "on 1 input."), (2, "on 2 inputs.")):
        scores = {spec.name: np.ones((count, 1), np.float32)}
        found = judge(scores, scores, [spec], TOLERANCES["fp32"].outputs, "PyTorch")
        assert found.detail == f"Agrees with PyTorch within 0.0e+00 {said}"


def judged_memory(kind: Kind, worst: float) -> str:
    """What becomes of an output of that kind of which one element of 4000 is off in half precision."""
    expected = np.sin(np.arange(4000, dtype=np.float32))[None]
    actual = expected.copy()
    actual[0, 7] += worst
    spec = TensorSpec(name="next_memory", shape=(4000,), dtype="float32", layout="N", kind=kind, meaning="")
    found = judge({spec.name: expected}, {spec.name: actual}, [spec], TOLERANCES["fp16"].outputs, "a runtime")
    assert found.by_psnr == ((spec.name,) if found.status == "passed" else ())
    return found.status


def test_only_a_memory_may_pass_by_its_noise_whatever_an_output_is_called():
    assert judged_memory("memory", 0.2) == "passed"
    assert judged_memory("memory", 0.9) == "failed"
    assert judged_memory("features", 0.2) == "failed"


def test_every_comparison_uses_the_one_definition_of_the_relative_error():
    rng = np.random.default_rng(0)
    expected = {"logits": rng.normal(size=(3, 1, 10)).astype(np.float32)}
    actual = {"logits": expected["logits"] + rng.normal(size=(3, 1, 10)).astype(np.float32)}
    parity = compared(expected, actual)["logits"]
    assert parity.relative == relative_error(actual["logits"], expected["logits"])
    assert parity.per_vector == tuple(map(relative_error, actual["logits"], expected["logits"]))
