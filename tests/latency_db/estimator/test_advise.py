"""Which ways to run a model keep up with so many frames a second, or that none does."""

import pytest

from latency_db.estimator.advise import Variant, advise, together
from tests.latency_db.estimator.workloads import MOBILEVIT_LIKE


def variant(format="tflite", size=256, precision="fp32", unit="cpu"):
    return Variant(format, precision, size, unit, MOBILEVIT_LIKE)


def test_what_surely_keeps_up_comes_first_and_the_rest_by_how_near_it_is():
    advised = advise([variant(), variant("executorch")], ["galaxy_a03s", "pixel4"], fps=6)
    first, *others = advised.rows
    assert (first.device, first.variant.format, first.surely) == ("pixel4", "tflite", True)
    assert [row.reaches for row in advised.rows] == sorted((row.reaches for row in advised.rows), reverse=True)
    missing = [row.estimate.ms for row in others if not row.reaches]
    assert missing == sorted(missing)


def test_of_what_no_order_of_magnitude_is_known_neither_yes_nor_no_is_said():
    advised = advise([variant("executorch"), variant()], ["iphone13"], fps=0.01)
    assert [(row.variant.format, row.vague, row.reaches, row.surely) for row in advised.rows] == [
        ("tflite", False, True, True), ("executorch", True, False, False),
    ]  # fmt: skip
    assert advised.nearest == advised.rows[0]


def test_advice_about_several_devices_is_in_one_order():
    parts = [advise([variant()], [device], fps=6) for device in ("galaxy_a03s", "pixel4")]
    assert [row.device for row in together(parts).rows] == ["pixel4", "galaxy_a03s"]


def test_a_row_says_frames_a_second_and_whether_they_are_enough():
    [row] = advise([variant()], ["pixel4"], fps=5).rows
    assert row.fps == pytest.approx(1000 / row.estimate.ms)
    assert row.budget_ms == 200
    assert row.reaches == (row.estimate.ms <= 200)
    assert row.surely == (row.estimate.high <= 200)


def test_where_none_keeps_up_the_fastest_is_named():
    advised = advise([variant(), variant(unit="gpu")], ["galaxy_a03s"], fps=240)
    assert advised.reaching == ()
    assert advised.nearest == min(advised.rows, key=lambda row: row.estimate.ms)


def test_what_is_not_known_is_said_and_the_rest_is_answered():
    advised = advise([variant("onnx"), variant()], ["pixel4"], fps=10)
    assert [row.variant.format for row in advised.rows] == ["tflite"]
    assert any("onnx" in one for one in advised.unknown)


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf"), 1e-320])
def test_no_budget_is_refused(fps):
    with pytest.raises(ValueError, match="above 0"):
        advise([variant()], ["pixel4"], fps)
