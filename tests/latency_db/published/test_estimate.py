"""What published rows say a model takes: itself where it was timed, else a regression over others."""

from dataclasses import replace

import pytest

from latency_db.published.coreml_intervals import calibrates, residuals
from latency_db.published.estimate import SeveralFigures, estimate_core_ml, estimate_from_rows, facts_of
from latency_db.published.rows import find, published_rows

L1 = facts_of("efficientformer_l1", 224)
NEW = replace(L1, model="new_model")


def without(model: str) -> list:
    return [row for row in published_rows() if row.model != model]


def test_a_model_that_was_timed_there_is_its_published_rows():
    found = estimate_core_ml(L1, "iphone12")
    assert found.method == "published"
    assert found.ms == pytest.approx(1.6)
    assert found.low < found.ms < found.high
    assert [row.ms for row in found.rows] == [1.6]


def test_rows_of_fallback_are_shown_and_not_averaged_in():
    found = estimate_from_rows("mobilenetv3_large_075", "iphone13", "coreml", size=224)
    assert found
    assert found.ms == 0.67
    assert found.high < 1
    assert [row.ms for row in found.rows] == [0.67, 10.9]
    assert "10.9 ms (fallback" in found.reason


def test_a_model_that_nobody_timed_is_regressed_from_its_family():
    found = estimate_core_ml(L1, "iphone12", rows=without("efficientformer_l1"))
    assert found.method == "regression over published models"
    assert found.low < 1.6 < found.high


def test_an_unseen_family_gets_a_wider_interval_and_says_so():
    known, unseen = estimate_core_ml(NEW, "iphone12"), estimate_core_ml(replace(NEW, family="new_family"), "iphone12")
    assert unseen.high / unseen.low > 2 * known.high / known.low
    assert "none of the family new_family" in unseen.reason


def test_an_unseen_phone_gets_a_wider_interval_and_says_so():
    known, unseen = estimate_core_ml(NEW, "iphone14"), estimate_core_ml(NEW, "iphone15")
    assert unseen.high / unseen.low > known.high / known.low
    assert "none on iphone15" in unseen.reason


def test_a_model_beyond_every_row_gets_a_wider_interval_and_says_so():
    within, beyond = estimate_core_ml(NEW, "iphone12"), estimate_core_ml(replace(NEW, gmacs=5000.0), "iphone12")
    assert beyond.high / beyond.low > within.high / within.low
    assert "multiply-accumulates beyond all of theirs" in beyond.reason


def test_more_arithmetic_takes_longer():
    times = [estimate_core_ml(replace(NEW, gmacs=g, params_m=10 * g), "iphone13").ms for g in (0.5, 1.0, 2.0, 4.0)]
    assert times == sorted(times)


def test_a_phone_that_no_row_is_near_is_refused():
    with pytest.raises(ValueError, match="name an iPhone from the 12 on"):
        estimate_core_ml(NEW, "pixel8")


def test_what_no_row_says_is_not_estimated_from_rows():
    assert estimate_from_rows("efficientformer_l1", "pixel8", "tflite", size=224) is None


def test_a_qualcomm_row_is_found_by_precision():
    found = estimate_from_rows("mobilevit_s", "galaxy_s25", "tflite", size=256, precision="float")
    assert found
    assert found.ms == 2.239


@pytest.mark.parametrize(
    ("model", "device", "runtime", "listed"),
    [
        ("bevdet", "galaxy_s22", "onnx", "22.334 ms (decoder, onnx, float, npu)"),
        ("whisper_tiny", "galaxy_s24", "executorch", "2916 ms (Whisper-tiny, XNNPACK, cpu)"),
    ],
)
def test_parts_of_a_model_are_listed_and_not_averaged(model, device, runtime, listed):
    with pytest.raises(SeveralFigures) as refused:
        estimate_from_rows(model, device, runtime, size=None)
    assert listed in str(refused.value)


def test_a_part_of_a_model_is_found_by_its_name():
    found = estimate_from_rows("bevdet", "galaxy_s22", "onnx", size=None, published_as="encoder")
    assert found
    assert found.ms == 72.114


@pytest.mark.parametrize("setting", ["backend", "precision", "unit"])
def test_ways_to_run_a_model_are_not_averaged(setting):
    one = next(row for row in published_rows() if row.device == "galaxy_s25" and row.runtime == "qnn")
    rows = [one, replace(one, **{setting: "another"})]
    with pytest.raises(SeveralFigures, match=f"name one by its {setting}"):
        estimate_from_rows(one.model, one.device, "qnn", size=one.size, rows=rows)


def test_jobs_of_one_release_are_one_source():
    one = next(row for row in published_rows() if row.device == "galaxy_s25")
    rows = [one, replace(one, reference=one.reference.split(", job")[0] + ", job other")]
    found = estimate_from_rows(one.model, one.device, one.runtime, size=one.size, rows=rows)
    assert found
    assert found.reason == "2 published rows of 1 source"


def test_rows_of_another_unit_than_core_ml_would_choose_do_not_count():
    (one,) = find("efficientformer_l1", device="iphone12", size=224)
    rows = [one, replace(one, unit="cpu", ms=10 * one.ms), replace(one, unit="gpu", ms=8 * one.ms)]
    assert estimate_core_ml(L1, "iphone12", rows=rows).ms == one.ms


@pytest.mark.parametrize("device", ["iphone7", "iphone11_pro"])
def test_a_phone_older_than_the_regressions_is_refused_though_it_has_rows(device):
    facts = facts_of("mobilenetv2_100", 224)
    with pytest.raises(ValueError, match="name an iPhone from the 12 on"):
        estimate_core_ml(facts, device)


def test_a_row_that_states_no_size_is_not_mixed_with_one_that_does():
    (one,) = find("efficientformer_l1", device="iphone12", size=224)
    rows = [replace(one, size=None, ms=9.0), one]
    found = estimate_from_rows(one.model, "iphone12", "coreml", size=None, rows=rows)
    assert found
    assert [row.ms for row in found.rows] == [9.0]


@pytest.mark.parametrize(("left_out", "most"), [("model", 0.10), ("family", 0.30)])
def test_errors_on_what_was_left_out_are_those_of_the_page(left_out, most):
    errors = sorted(
        abs(2.718281828**one.residual - 1) for one in residuals() if one.left_out == left_out and calibrates(one)
    )
    assert len(errors) > 150
    assert 0.03 < errors[len(errors) // 2] < most
