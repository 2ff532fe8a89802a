"""A browser is asked about like any device, and answers with what was measured in it alone."""

from dataclasses import replace

import pytest

from device_profiles.browser import RUNS
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


@pytest.mark.parametrize(("runtime", "unit"), [(runtime, unit) for runtime, units in RUNS.items() for unit in units])
def test_nothing_that_is_known_of_its_device_is_known_of_a_browser(runtime, unit):
    workload = shipped_workload("mobilenetv2_w1", "tflite", unit)
    estimate(workload, "pixel4", Conditions("tflite", unit, "fp32"))
    with pytest.raises(NoEstimate, match=rf"nothing is known of {runtime} on the {unit} of chrome_on_pixel4"):
        estimate(workload, "chrome_on_pixel4", Conditions(runtime, unit, "fp32"))


def refusal(device, runtime="tflite", unit="cpu"):
    with pytest.raises(NoEstimate) as refused:
        estimate(MINE, device, Conditions(runtime, unit, precision=None))
    return str(refused.value)


TABLE = (
    "its table is made by a pack of `vitexport bench --pack PACK.zip --target browser`, run there in the web app of "
    "`vitexport serve app --https --pack PACK.zip`, and `vitexport latency import RESULT.json`"
)


def test_of_a_browser_on_a_device_it_is_said_how_its_table_is_made():
    said = f"nothing is known of tflite on the cpu of chromium_on_test_bench in fp32: {TABLE}"
    assert refusal("chromium_on_test_bench") == said


@pytest.mark.parametrize(("asked", "example"), [("browser", "chrome_on_pixel8"), ("firefox", "firefox_on_pixel8")])
def test_a_browser_alone_has_no_table_so_its_device_has_to_be_named(asked, example):
    assert refusal(asked).endswith(f": name browser and device, such as {example}; {TABLE}")


def test_what_is_nearly_a_browser_on_a_device_with_a_profile_may_be_meant_for_it():
    assert f": name chrome_on_pixel8, if that was meant; {TABLE}" in refusal("chrome_on_pixle8")


@pytest.mark.parametrize(
    ("runtime", "unit", "what"),
    [
        ("tflite", "gpu", "tflite on the gpu"),
        ("executorch", "cpu", "executorch on the cpu"),
        ("coreml", None, "coreml"),
    ],
)
def test_no_pack_is_advised_of_what_browsers_do_not_run(runtime, unit, what):
    said = f"no browser runs {what}: ask for tflite on the cpu, or onnx on the cpu or gpu"
    assert refusal("chrome_on_pixel4", runtime, unit) == said


def test_a_row_answers_for_its_browser_with_its_threads():
    rows = [
        measured(ROW, 100.0 / threads, replace(ASKED, threads=threads), device="chrome_on_pixel4") for threads in (1, 4)
    ]
    for threads, ms in ((1, 100.0), (4, 25.0)):
        assert estimate(MINE, "chrome_on_pixel4", replace(ASKED, threads=threads), rows).ms == ms
    with pytest.raises(NoEstimate):
        estimate(MINE, "firefox_on_pixel4", ASKED, rows)


def test_a_model_that_was_timed_is_answered_as_timed_whatever_most_of_the_table_ran_with():
    timed = measured(ROW, 25.0, replace(ASKED, threads=2), device="chrome_on_pixel4")
    kernels = [Subject.of_kernel(kernel) for kernel in set(MINE.graphs["classify"])]
    table = [measured(one, 1.0, replace(ASKED, threads=1), device="chrome_on_pixel4") for one in kernels]
    found = estimate(MINE, "chrome_on_pixel4", ASKED, [timed, *table])
    assert (found.method, found.ms, found.conditions.threads) == ("measured", 25.0, 2)
    assert "with 2 threads" in found.reason
    doubtful = [replace(timed, quality="suspect"), replace(timed, subject=Subject.of_model("other"))]
    assert estimate(MINE, "chrome_on_pixel4", ASKED, [*doubtful, *table]).conditions.threads == 1


def test_of_threads_with_which_a_model_was_timed_those_of_the_row_to_believe_are_meant():
    rows = [
        measured(ROW, 10.0 * threads, replace(ASKED, threads=threads), device="chrome_on_pixel4", quality=quality)
        for threads, quality in ((1, "busy"), (2, "good"), (4, "drifting"))
    ]
    assert estimate(MINE, "chrome_on_pixel4", ASKED, rows).ms == 20.0


def test_a_row_of_a_browser_does_not_answer_for_the_device():
    row = measured(ROW, 12345.0, replace(ASKED, threads=1), device="chrome_on_pixel4")
    assert estimate(MINE, "pixel4", ASKED, [row]) == estimate(MINE, "pixel4", ASKED)


def test_cores_of_a_browser_are_not_told_apart():
    with pytest.raises(ValueError, match="A browser's cores are not told apart: name a number of threads"):
        estimate(MINE, "chrome_on_pixel4", replace(ASKED, cores="1large"))
