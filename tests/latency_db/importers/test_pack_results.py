"""Results of kernel packs are read by key, and refused where the pack, a kernel or a time cannot be."""

import json
import os

import pytest

from latency_db.importers.reading import read_file
from latency_db.limits import RESULT_BYTES
from latency_db.measurement import Conditions, Device, Latency, Source, Subject
from tests.latency_db.importers.files import refusal, written
from tests.latency_db.packs import pack_beside, result_of

CONV = "conv 1x64x56x56>1x64x56x56 k3x3 s1x1 conv2d float32"
ADD = "elementwise 1x64x56x56,1x64x56x56>1x64x56x56 add float32"


@pytest.fixture(autouse=True)
def own_data(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def pack(tmp_path):
    return pack_beside(tmp_path, [CONV, ADD])


def read(tmp_path, result):
    return read_file("app", written(tmp_path / "result.json", json.dumps(result)))


def test_a_packs_result_is_a_measurement_for_each_kernel(tmp_path, pack):
    kernels = {CONV: {"p50": 1.5, "p90": 2.0}, ADD: {"mean": 0.25, "std": 0.1, "n": 80, "thermal": "light"}}
    more = {"thermal": {"start": "none", "end": "moderate"}, "method": "benchmark_model", "app_version": "2.1"}
    conv, add = read(tmp_path, result_of(pack, kernels, **more))
    assert conv.device == Device("pixel8", "Tensor G3")
    assert conv.subject == Subject("kernel", CONV)
    assert conv.conditions == Conditions("tflite", "gpu", "fp32", os="Android 14", method="benchmark_model")
    assert conv.latency == Latency(p50=1.5, p90=2.0, n=50, warmup=5)
    assert conv.source == Source("reported", "benchmark_model 2.1, result.json", "the user's own")
    assert (conv.thermal, conv.note) == ("moderate", "none at the start")
    assert (add.latency, add.thermal) == (Latency(mean=0.25, std=0.1, n=80, warmup=5), "light")


def test_what_ran_in_a_browser_is_of_a_device_apart(tmp_path, pack):
    result = result_of(pack, {ADD: {"p50": 0.3}}, delegate="webgpu", backend_version="LiteRT.js 2.5.3")
    result["device"]["browser"] = "Samsung Internet 28"
    (row,) = read(tmp_path, result)
    assert row.device.id == "samsung_internet_on_pixel8"
    assert (row.conditions.delegate, row.conditions.runtime_version) == ("webgpu", "LiteRT.js 2.5.3")


def test_a_part_of_a_pack_is_a_result(tmp_path, pack):
    assert len(read(tmp_path, result_of(pack, {ADD: {"p50": 0.3}}))) == 1


def test_a_result_of_a_pack_that_nobody_knows_is_refused(tmp_path, pack):
    result = result_of("ab" * 32, {CONV: {"p50": 1.5}})
    why = str(refusal("app", written(tmp_path / "result.json", json.dumps(result, indent=1))))
    assert "the kernel pack abababababab… is not known here: put its zip beside the result" in why
    assert "line 8" in why


@pytest.mark.parametrize(
    ("kernels", "word"),
    [
        ({CONV.replace("64x56", "65x56"): {"p50": 1.0}}, "the pack has no kernel 'conv 1x65x56x56"),
        ({CONV: {"p50": 1e-6}}, "too little"),
        ({ADD: {"p50": 1e-6}}, "too little"),
        ({CONV: {"p50": 8000.0}}, "too much"),
        ({CONV: {"mean": 8000.0}}, "microseconds are divided by 1000 first"),
        ({CONV: {"p50": 0.0}}, "p50"),
        ({CONV: {"p90": 2.0}}, "neither p50 nor mean"),
        ({CONV: {"p50": 2.0, "p90": 1.0}}, "Percentiles rise"),
        ({CONV: {"p50": 5.0, "mean": 2.0}}, "cannot be more than twice the mean"),
        ({CONV: {"mean": 2.0, "std": 20.0, "n": 10}}, "cannot deviate by 20"),
        ({CONV: {"p50": 2.0, "thermal": "hot"}}, "thermal"),
        ({}, "kernels"),
    ],
)
def test_a_kernel_or_a_time_that_cannot_be_is_refused_and_nothing_is_read(tmp_path, pack, kernels, word):
    good = {ADD: {"p50": 0.3}} if kernels and ADD not in kernels else {}
    path = written(tmp_path / "result.json", json.dumps(result_of(pack, good | kernels), indent=1))
    assert word in str(refusal("app", path))


def test_a_result_of_another_runtime_than_the_packs_is_refused(tmp_path, pack):
    result = result_of(pack, {CONV: {"p50": 1.0}}, backend="onnx")
    path = written(tmp_path / "result.json", json.dumps(result))
    assert "the pack is for tflite, and was run by onnx" in str(refusal("app", path))


def test_a_result_of_another_unit_than_the_packs_is_refused(tmp_path, pack):
    result = result_of(pack, {CONV: {"p50": 1.0}}, compute_unit="cpu")
    why = refusal("app", written(tmp_path / "result.json", json.dumps(result, indent=1)))
    assert "the pack has the kernels of the gpu, and was run on the cpu" in why.reason
    assert why.line == 10


def test_a_result_that_does_not_say_its_unit_is_of_the_packs(tmp_path, pack):
    result = result_of(pack, {CONV: {"p50": 1.0}})
    del result["compute_unit"]
    [row] = read(tmp_path, result)
    assert row.conditions.unit == "gpu"


@pytest.mark.parametrize("unit", ["all", "npu"])
def test_a_pack_for_whatever_unit_is_chosen_may_run_on_any(tmp_path, unit):
    name = pack_beside(tmp_path, [CONV], runtime="coreml", unit="all")
    [row] = read(
        tmp_path,
        result_of(name, {CONV: {"p50": 1.0}}, backend="coreml", compute_unit=unit, device={"model": "iPhone 15"}),
    )
    assert row.conditions.unit == unit


@pytest.mark.parametrize(
    "key",
    [
        f"elementwise {'9' * 200}x{'9' * 200}>1x1 add float32",
        "conv 4>4 k1 s1 conv1d float32",
        "conv 1x4x8x8>1x4x8x8 k1x1 s1x1 g0 conv2d float32",
    ],
)
def test_a_kernel_of_extents_that_are_none_is_refused(tmp_path, key):
    name = pack_beside(tmp_path, [key])
    path = written(tmp_path / "result.json", json.dumps(result_of(name, {key: {"p50": 1.0}})))
    assert "is no kernel that a device could run" in str(refusal("app", path))


def test_a_file_that_is_larger_than_any_result_is_not_read(tmp_path):
    path = written(tmp_path / "result.json", "{")
    os.truncate(path, RESULT_BYTES + 1)
    assert f"more than {RESULT_BYTES:,} bytes" in str(refusal("app", path))
