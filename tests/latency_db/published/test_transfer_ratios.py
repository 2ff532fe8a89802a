"""Ratios between Galaxy generations."""

import math
from collections import Counter

import pytest

from latency_db.fitting.transfer_ratios import Pair, fitted, jobs, left_out, pairs
from latency_db.published.rows import published_rows
from latency_db.published.transfer_ratios import ANY, transfer_ratio, transfer_ratios


def test_a_ratio_and_its_inverse_lead_back():
    there = transfer_ratio("galaxy_s24", "galaxy_s25", "tflite", "float")
    back = transfer_ratio("galaxy_s25", "galaxy_s24", "tflite", "float")
    assert there.ratio * back.ratio == pytest.approx(1, rel=0.01)
    assert there.ratio < 1 < back.ratio


def test_a_latency_is_moved_with_its_interval():
    ms, low, high = transfer_ratio("galaxy_s25", "galaxy_s26", "qnn_dlc", "float").moved(10.0)
    assert low < ms < high
    assert 7 < ms < 9


def test_a_precision_with_too_few_models_takes_the_ratio_over_all():
    assert transfer_ratio("galaxy_s25", "galaxy_s26", "tflite", "w4a16").backend == ANY


def test_phones_without_a_ratio_are_refused_with_those_that_have_one():
    with pytest.raises(LookupError, match="galaxy_s24 to galaxy_s25"):
        transfer_ratio("galaxy_s25", "pixel8", "tflite", "float")


@pytest.mark.parametrize(
    ("source", "target", "most"),
    [("galaxy_s24", "galaxy_s25", 0.055), ("galaxy_s25", "galaxy_s26", 0.07), ("galaxy_s25", "galaxy_s22", 0.14)],
)
def test_models_left_out_are_as_near_as_asked(source, target, most):
    phones = {phone: jobs(row for row in published_rows() if row.device == phone) for phone in (source, target)}
    errors = sorted(abs(math.expm1(error)) for _, error, _ in left_out(pairs(phones[source], phones[target])))
    assert len(errors) > 1000
    assert errors[len(errors) // 2] < most


def test_a_model_is_not_in_the_ratio_that_is_held_against_it():
    cell = ("tflite", "float")
    found = [*(Pair(f"model{n}", cell, 1.0, 0.0) for n in range(11)), Pair("odd", cell, 1.0, 1.0)]
    assert Counter(round(error, 3) for _, error, _ in left_out(found)) == {0.0: 11, -1.0: 1}


def test_the_shipped_ratio_is_the_median_over_its_pairs():
    s24, s26 = (jobs(row for row in published_rows() if row.device == phone) for phone in ("galaxy_s24", "galaxy_s26"))
    some = [pair for pair in pairs(s24, s26) if pair.cell == ("qnn_context_binary", "float")]
    anew = list(fitted("galaxy_s24", "galaxy_s26", some))[-1]
    assert anew == transfer_ratios()["galaxy_s24", "galaxy_s26", "qnn_context_binary", "float"]
