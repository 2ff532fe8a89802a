"""Summaries of MLPerf Mobile are read with what their folders say."""

import pytest

from latency_db.importers.reading import read_file
from latency_db.measurement import Conditions, Device, Latency, Subject
from tests.latency_db.importers.files import refusal, written

SUMMARY = """================================================
MLPerf Results Summary
================================================
SUT name : snpe
Scenario : SingleStream
Mode     : PerformanceOnly
90th percentile latency (ns) : 783021
Result is : VALID
Early Stopping Result:
 * Processed at least 64 queries (79283).

Mean latency (ns)                : 756143
50.00 percentile latency (ns)   : 760625
90.00 percentile latency (ns)   : 783021
99.00 percentile latency (ns)   : 889375
"""
PLACE = "closed/Vendor/results/SD8Elite/image_classification_v2-performance/mlperf_log_summary.txt"


def test_a_summary_is_read_with_what_its_folders_say(tmp_path):
    (one,) = read_file("mlperf", written(tmp_path / PLACE, SUMMARY))
    assert (one.device, one.subject) == (Device("sd8elite"), Subject("model", "image_classification_v2"))
    assert one.latency == Latency(0.760625, 0.783021, 0.889375, 0.756143, n=79283)
    assert one.conditions == Conditions(None, None, None, method="MLPerf single stream")
    assert (one.quality, one.note, one.source.licence) == (None, "run by snpe", "Apache-2.0")


def test_a_summary_of_a_runtime_that_we_know_names_it(tmp_path):
    (one,) = read_file("mlperf", written(tmp_path / PLACE, SUMMARY.replace("snpe", "TFLite")))
    assert (one.conditions.runtime, one.note) == ("tflite", "")


def test_a_folder_gives_its_single_stream_performance_runs(tmp_path):
    written(tmp_path / PLACE, SUMMARY)
    written(tmp_path / PLACE.replace("-performance", "-accuracy"), SUMMARY.replace("PerformanceOnly", "AccuracyOnly"))
    dated = PLACE.replace("SD8Elite", "exynos2600/2025-11-16T15-50-55.588359")
    written(tmp_path / dated, SUMMARY.replace("VALID", "INVALID"))
    first, second = read_file("mlperf", tmp_path)
    assert (first.device.id, second.device.id) == ("sd8elite", "exynos2600")
    assert (second.measured_at, second.quality) == (None, "suspect")
    assert second.note == "run by snpe; the folder is dated 2025-11-16; MLPerf calls it INVALID"


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        (SUMMARY.replace("SingleStream", "Offline"), 5, "Offline"),
        (SUMMARY.replace("PerformanceOnly", "AccuracyOnly"), 6, "AccuracyOnly"),
        (SUMMARY.replace("760625", "-"), 13, "nanoseconds"),
        (SUMMARY.replace("760625", "²"), 13, "nanoseconds"),
        (SUMMARY.replace("760625", "7" * 5000), 13, "nanoseconds"),
    ],
)
def test_a_bad_summary_is_refused_by_line(text, line, word, tmp_path):
    refused = refusal("mlperf", written(tmp_path / PLACE, text))
    assert (refused.line, word in refused.reason) == (line, True), refused


def test_a_summary_outside_the_folders_that_say_what_it_is_of_is_refused(tmp_path):
    assert "results/SYSTEM/TASK" in refusal("mlperf", written(tmp_path / "mlperf_log_summary.txt", SUMMARY)).reason
