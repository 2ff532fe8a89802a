"""A browser is asked about like any device, and answers with what was measured in it alone."""

from dataclasses import replace

import pytest

from latency_db.estimator.estimate import NoEstimate
from latency_db.estimator.estimator import estimate
from latency_db.measurement import Conditions, Subject
from latency_db.published.estimate import facts_of
from tests.latency_db.estimator.measurements import measured
from tests.latency_db.estimator.workloads import MOBILEVIT_LIKE, shipped_workload

ASKED = Conditions("tflite", "cpu", "fp32")
MINE = replace(
    MOBILEVIT_LIKE, facts=replace(facts_of("efficienttam_s_512x512", 512), model="mine", stated_size=256, size=256)
)
ROW = Subject.of_model("mine", "classify", (256, 256))


@pytest.mark.parametrize("unit", ["cpu", "gpu"])
@pytest.mark.parametrize("runtime", ["tflite", "onnx", "executorch"])
def test_nothing_that_is_known_of_its_device_is_known_of_a_browser(runtime, unit):
    workload = shipped_workload("mobilenetv2_w1", "tflite", unit)
    estimate(workload, "pixel4", Conditions("tflite", unit, "fp32"))
    with pytest.raises(NoEstimate, match=r"nothing is known.*run a pack"):
        estimate(workload, "chrome_on_pixel4", Conditions(runtime, unit, "fp32"))


def test_a_row_answers_for_its_browser_with_its_threads():
    rows = [
        measured(ROW, 100.0 / threads, replace(ASKED, threads=threads), device="chrome_on_pixel4") for threads in (1, 4)
    ]
    for threads, ms in ((1, 100.0), (4, 25.0)):
        assert estimate(MINE, "chrome_on_pixel4", replace(ASKED, threads=threads), rows).ms == ms
    with pytest.raises(NoEstimate):
        estimate(MINE, "firefox_on_pixel4", ASKED, rows)


def test_a_row_of_a_browser_does_not_answer_for_the_device():
    row = measured(ROW, 12345.0, replace(ASKED, threads=1), device="chrome_on_pixel4")
    assert estimate(MINE, "pixel4", ASKED, [row]) == estimate(MINE, "pixel4", ASKED)


def test_cores_of_a_browser_are_not_told_apart():
    with pytest.raises(ValueError, match="A browser's cores are not told apart: name a number of threads"):
        estimate(MINE, "chrome_on_pixel4", replace(ASKED, cores="1large"))
