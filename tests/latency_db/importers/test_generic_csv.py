"""A CSV is read by its header and refused by line."""

import pytest

from latency_db import store
from latency_db.importers.reading import read_file
from latency_db.measurement import Conditions, Device, Latency, Source, Subject
from tests.latency_db.importers.files import refusal, written
from tests.latency_db.samples import FULL, KEY

CSV = """subject,device,runtime,p50_ms,n,reference,licence
mobilevit_s,pixel8,tflite,38.1,50,my notebook,CC0-1.0
mobilevit_xs,pixel8,tflite,21.5,,my notebook,CC0-1.0
"""

KERNEL = """subject_kind,subject,device,runtime,p50_ms,reference,licence
kernel,{},pixel8,tflite,1.5,my notebook,CC0-1.0
"""


def test_a_csv_is_read_by_its_header(tmp_path):
    first, second = read_file("csv", written(tmp_path / "a.csv", CSV))
    assert (first.device, first.subject) == (Device("pixel8"), Subject("model", "mobilevit_s"))
    assert (first.conditions, first.latency) == (Conditions("tflite", None, None), Latency(p50=38.1, n=50))
    assert first.source == Source("published", "my notebook", "CC0-1.0")
    assert second.latency == Latency(p50=21.5)


@pytest.mark.parametrize("name", ["Pixel 8", "Google Pixel 8"])
def test_a_device_may_have_the_name_that_a_target_has(tmp_path, name):
    rows = read_file("csv", written(tmp_path / "a.csv", CSV.replace(",pixel8,", f",{name},")))
    assert {row.device for row in rows} == {Device("pixel8")}


def test_every_column_of_a_csv_has_its_place(tmp_path):
    text = {
        "subject_kind": "kernel",
        "subject": KEY,
        "device": "galaxy_s10",
        "soc": "Exynos 9820",
        "os": "Android 12",
        "runtime": "tflite",
        "runtime_version": "2.10",
        "delegate": "xnnpack",
        "unit": "cpu",
        "precision": "fp32",
        "threads": "2",
        "cores": "1large1med",
        "method": "benchmark_model",
        "p50_ms": "1.5",
        "p90_ms": "1.75",
        "p99_ms": "2.0",
        "mean_ms": "1.6",
        "std_ms": "0.1",
        "figure_ms": "1.55",
        "n": "50",
        "warmup": "5",
        "thermal": "light",
        "quality": "drifting",
        "measured_at": "2026-11-27T01:06:14.250000Z",
        "source_kind": "measured",
        "reference": "vitexport 0.1.0 (67426a89)",
        "licence": "MIT",
        "note": "the phone lay in the sun: 31 °C",
    }
    path = written(tmp_path / "a.csv", ",".join(text) + "\n" + ",".join(text.values()) + "\n")
    assert read_file("csv", path) == [FULL]


def test_a_csv_that_was_read_comes_back_from_a_store_as_it_was(tmp_path):
    measurements = read_file("csv", written(tmp_path / "a.csv", CSV))
    with store.open(f"sqlite:///{tmp_path}/latency.sqlite3") as kept:
        kept.add(measurements)
    with store.open(f"sqlite:///{tmp_path}/latency.sqlite3") as kept:
        assert [record.measurement for record in kept.measurements()] == measurements


@pytest.mark.parametrize(
    ("wrong", "line", "word"),
    [
        (CSV.replace("p50_ms", "p50"), 1, "no column 'p50'"),
        (CSV.replace(",licence", "").replace(",CC0-1.0", ""), 1, "licence"),
        (CSV.replace("p50_ms,n", "p50_ms,p50_ms"), 1, "'p50_ms' is there twice"),
        (CSV.replace("my notebook", "my\u2028notebook"), 2, "can be printed"),
        (CSV.replace("21.5", "fast"), 3, "no number"),
        (CSV.replace("21.5", "nan"), 3, "no number"),
        (CSV.replace("21.5", "-1"), 3, "a finite number above 0"),
        (CSV.replace("21.5", ""), 3, "needs p50, mean, or a figure"),
        (CSV.replace("mobilevit_xs,pixel8", "mobilevit_xs,My Phone"), 3, "no device's id"),
        (CSV.replace("mobilevit_xs,pixel8,tflite", "mobilevit_xs,pixel8,ncnn"), 3, "name one of tflite"),
        (CSV.replace("50,my", "5.5,my"), 2, "no whole number"),
        (CSV.replace("mobilevit_xs", ""), 3, "subject is empty"),
        (CSV + "one,two\n", 4, "cells of the header"),
        (KERNEL.format("conv 1x4x8x8>1x4x8x8 k1x1 s1x1 g0 conv2d float32"), 2, "no kernel that a device could run"),
    ],
)
def test_a_bad_csv_is_refused_by_line(wrong, line, word, tmp_path):
    refused = refusal("csv", written(tmp_path / "a.csv", wrong))
    assert (refused.line, word in refused.reason) == (line, True), refused
