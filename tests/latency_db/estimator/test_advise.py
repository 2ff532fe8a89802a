"""Which ways to run a model keep up with so many frames a second, or that none does."""

import pytest

from latency_db.estimator.advise import Variant, advise
from tests.latency_db.estimator.workloads import MOBILEVIT_LIKE


def variant(format="tflite", size=256, precision="fp32", unit="cpu"):
    return Variant(format, precision, size, unit, MOBILEVIT_LIKE)


def test_what_surely_keeps_up_comes_first_and_the_rest_by_how_near_it_is():
    ways = [variant(), variant("coreml", precision="fp16", unit="all"), variant("executorch")]
    advised = advise(ways, ["iphone13", "galaxy_a03s"], fps=30)
    first, *others = advised.rows
    assert (first.device, first.variant.format, first.surely) == ("iphone13", "coreml", True)
    assert [row.reaches for row in advised.rows] == sorted((row.reaches for row in advised.rows), reverse=True)
    missing = [row.estimate.ms for row in others if not row.reaches]
    assert missing == sorted(missing)


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
    advised = advise([variant("onnx"), variant("coreai"), variant()], ["pixel4"], fps=10)
    assert [row.variant.format for row in advised.rows] == ["tflite"]
    assert any("onnx" in one for one in advised.unknown)
    assert "nothing is known of the latency of coreai" in advised.unknown


@pytest.mark.parametrize("fps", [0, -1, float("nan")])
def test_no_budget_is_refused(fps):
    with pytest.raises(ValueError, match="above 0"):
        advise([variant()], ["pixel4"], fps)
