"""What was measured of the very model answers for it, as wide as its runs were apart."""

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from latency_db import registered
from latency_db.estimator.estimator import estimate
from latency_db.estimator.exact import interval
from latency_db.importers.reading import read_file
from latency_db.measurement import Conditions, Latency, Source, Subject
from latency_db.published.estimate import facts_of
from tests.latency_db.estimator.measurements import CPU, GPU, measured
from tests.latency_db.estimator.workloads import MOBILEVIT_LIKE, shipped_workload

FACTS = replace(facts_of("efficienttam_s_512x512", 512), model="mine", stated_size=256, size=256)
MINE = replace(MOBILEVIT_LIKE, facts=FACTS)
WHOLE = Subject.of_model("mine", "classify", (256, 256))
PAGE = Path(__file__).parents[3] / "docs" / "latency_import.md"


def ran(latency):
    return replace(measured(WHOLE, 1.0), latency=latency)


def test_an_interval_of_steady_runs_is_that_of_a_normal_distribution():
    ms, low, high = interval(ran(Latency(p50=100.0, std=1.0)))
    assert (ms, low, high) == pytest.approx((100, 100 - 1.645, 100 + 1.645), rel=1e-3)


def test_the_90th_percentile_of_runs_is_below_the_end_of_their_interval():
    _, low, high = interval(ran(Latency(p50=100.0, p90=101.2816)))
    assert (low, high) == pytest.approx((100 - 1.645, 100 + 1.645), rel=1e-3)


@pytest.mark.parametrize("latency", [Latency(mean=10.0, std=80.0), Latency(p50=1.0, p90=400.0)])
def test_no_run_takes_less_than_nothing_however_noisy_they_are(latency):
    found = estimate(MINE, "pixel4", CPU, [ran(latency)])
    assert 0 < found.low < found.ms < found.high < math.inf


@pytest.mark.parametrize(
    "latency", [Latency(p50=1e-9, p90=1e12), Latency(p50=1e-9, std=1e12), Latency(p50=1e12, std=1)]
)
def test_no_interval_is_infinite_whatever_a_row_says(latency):
    ms, low, high = interval(ran(latency))
    assert 0 < low < ms < high < math.inf


def test_a_noisy_kernel_leaves_an_interval_that_can_be_written():
    model = shipped_workload("mobilenetv2_w1", "tflite", "gpu")
    kernels = model.graphs["classify"][:-1]
    row = replace(measured(Subject.of_kernel(kernels[0]), 1.0, GPU), latency=Latency(mean=1.0, std=5.0))
    found = estimate(replace(model, graphs={"classify": kernels}), "pixel4", GPU, [row])
    [noisy] = [one for one in found.kernels if one.kernel == kernels[0]]
    assert noisy.method == "measured"
    assert 0 < found.low < found.high < math.inf


def test_what_was_measured_graph_by_graph_goes_before_what_others_published_of_the_whole():
    whole = replace(measured(WHOLE, 99.0), source=Source("published", "a table", "MIT"))
    graph = measured(Subject.of_graph("mine", "classify", (256, 256)), 42.0)
    found = estimate(MINE, "pixel4", CPU, [whole, graph])
    assert (found.method, found.ms) == ("measured", 42.0)


def test_the_csv_of_the_page_answers_at_the_models_usual_size_only(tmp_path):
    [text] = re.findall(r"```csv\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "mine.csv").write_text(text)
    rows = list(read_file("csv", tmp_path / "mine.csv"))
    index = registered.read(registered.TABLES)
    at = {size: index.workload("mobilevit_s", size, "tflite", "cpu") for size in (256, 384)}
    asked = Conditions("tflite", None, None)
    found = estimate(at[256], "pixel8", asked, rows)
    assert (found.method, found.ms) == ("published", 38.1)
    assert "of no stated size, and taken for the usual one, 256" in found.reason
    assert estimate(at[384], "pixel8", asked, rows).method != "published"
