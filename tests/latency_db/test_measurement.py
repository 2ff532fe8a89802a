"""A measurement says what it is of, and how long it took."""

from dataclasses import replace

import pytest

from latency_db.measurement import Measurement

ONE = Measurement(
    "model", "mobilevit_s", "pixel8", "Android 15", "tflite", "2.10", "cpu", "fp32", 4, "1large", "benchmark_model",
    38.1, 40.0, 45.0, 38.5, 1.2, 50, 10, "nominal", "", "2026-11-01", "measured here", "", "",
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"subject_kind": "layer"}, "not of a 'layer'"),
        ({"source_kind": "heard"}, "'heard' is no kind of source"),
        ({"subject": ""}, "names what was measured"),
        ({"device": ""}, "and the device"),
        ({"p50_ms": None, "p90_ms": None, "p99_ms": None, "mean_ms": None}, "at least one of"),
        ({"p50_ms": 0.0}, "positive"),
        ({"p99_ms": float("nan")}, "positive"),
        ({"std_ms": -1.0}, "standard deviation"),
        ({"threads": 0}, "counted from 1"),
        ({"n": 0}, "counted from 1"),
        ({"warmup": -1}, "warm-up runs from 0"),
    ],
)
def test_what_cannot_be_a_measurement_is_refused(change, word):
    with pytest.raises(ValueError, match=word):
        replace(ONE, **change)


def test_the_median_stands_for_it_then_the_mean_then_a_percentile():
    assert ONE.typical_ms == 38.1
    assert replace(ONE, p50_ms=None).typical_ms == 38.5
    assert replace(ONE, p50_ms=None, mean_ms=None).typical_ms == 40.0
