"""Results of the apps are read by graph and refused by line."""

import json
from datetime import UTC, datetime

import pytest

from latency_db.bundles import remember_bundle
from latency_db.importers.reading import read_file
from latency_db.importers.refusal import ImportRefused
from latency_db.measurement import Conditions, Device, Latency, Source, Subject
from tests.latency_db.bundles import bundle_at
from tests.latency_db.importers.files import refusal, written

RESULT = {
    "schema": 1,
    "device": {"model": "iPhone 15", "os": "iOS 18.1", "soc": "A16"},
    "app_version": "0.1",
    "manifest_sha256": "ab" * 32,
    "backend": "coreml",
    "compute_unit": "npu",
    "threads": 2,
    "warmup": 10,
    "n": 200,
    "graphs": {"encode_image": {"p50": 41.2, "p90": 44.0, "load_ms": 900}, "track_step": {"p50": 30.1}},
    "e2e": {"fps": 9.8},
    "thermal": {"start": "nominal", "end": "fair"},
    "selftest": {"max_abs": 0.01, "pass": True},
    "started_at": "2025-11-01T10:00:00Z",
}


@pytest.fixture(autouse=True)
def data(monkeypatch, tmp_path):
    """The user's data directory."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def result(tmp_path):
    """Of a bundle whose folder lies beside it"""
    return RESULT | {"manifest_sha256": bundle_at(tmp_path / "bundle")}


def test_an_apps_result_is_a_measurement_for_each_graph_of_the_model_that_its_bundle_is_of(tmp_path, result):
    encode, step = read_file("app", written(tmp_path / "a.json", json.dumps(result)))
    assert encode.device == Device("iphone15", "A16")
    assert encode.subject == Subject.of_graph("efficienttam_s_512x512", "encode_image", (512, 512))
    assert encode.conditions == Conditions("coreml", "npu", "fp16", os="iOS 18.1", threads=2, method="app")
    assert encode.latency == Latency(p50=41.2, p90=44.0, n=200, warmup=10)
    assert encode.source == Source("reported", "app 0.1, a.json", "the user's own")
    assert encode.measured_at == datetime(2025, 11, 1, 10, tzinfo=UTC)
    assert (encode.thermal, encode.quality, encode.note) == ("fair", None, "nominal at the start")
    assert step.latency.p90 is None


def test_what_ran_under_core_ai_is_read_as_any_other(tmp_path):
    sha256 = bundle_at(tmp_path / "bundle", coreai=["fp32"])
    ran = {"manifest_sha256": sha256, "backend": "coreai", "compute_unit": "all", "device": {"model": "iPhone 17 Pro"}}
    encode, step = read_file("app", written(tmp_path / "a.json", json.dumps(RESULT | ran)))
    assert encode.device.id == "iphone17_pro"
    assert encode.conditions == Conditions("coreai", "all", "fp32", threads=2, method="app") == step.conditions


def test_a_bundle_is_found_around_its_result_or_by_its_name(tmp_path):
    text = json.dumps(RESULT | {"manifest_sha256": bundle_at(tmp_path / "far" / "bundle")})
    assert len(read_file("app", written(tmp_path / "far" / "bundle" / "within.json", text))) == 2
    elsewhere = written(tmp_path / "elsewhere" / "a.json", text)
    assert "not known here: pass its folder as --bundle" in refusal("app", elsewhere).reason
    others = [tmp_path / "other", tmp_path / "far" / "bundle"]
    bundle_at(others[0], graphs=["classify"])
    assert len(read_file("app", elsewhere, others)) == 2


def test_of_a_bundle_that_was_exported_again_it_is_said_that_it_is_another_one(tmp_path):
    folder = tmp_path / "far" / "bundle"
    timed = bundle_at(folder, coreml=["fp32"])
    elsewhere = written(tmp_path / "elsewhere" / "a.json", json.dumps(RESULT | {"manifest_sha256": timed}))
    again = bundle_at(folder)
    with pytest.raises(ImportRefused) as refused:
        read_file("app", elsewhere, [folder])
    assert refused.value.reason == (
        f"it is of the bundle {timed[:12]}…, and {folder} is {again[:12]}…, another one, as after another export: "
        "pass as --bundle the one that was timed, or time this one"
    )


def test_a_bundle_that_is_remembered_is_known_though_it_was_exported_again(tmp_path):
    folder = tmp_path / "far" / "bundle"
    timed = bundle_at(folder, coreml=["fp32"])
    remember_bundle(folder)
    bundle_at(folder)
    elsewhere = written(tmp_path / "elsewhere" / "a.json", json.dumps(RESULT | {"manifest_sha256": timed}))
    for passed in ([], [folder]):
        assert len(read_file("app", elsewhere, passed)) == 2


def test_a_folder_that_is_named_and_no_bundle_is_refused(tmp_path, result):
    path = written(tmp_path / "a.json", json.dumps(result))
    (tmp_path / "empty").mkdir()
    written(tmp_path / "pack" / "manifest.json", '{"schema": 1, "kernels": []}')
    for folder, why in (("empty", "has no manifest.json"), ("pack", "is no bundle's")):
        with pytest.raises(ImportRefused, match=why):
            read_file("app", path, [tmp_path / folder])


def test_what_lacks_a_field_is_told_where_the_fields_are_listed(tmp_path):
    reason = refusal("app", written(tmp_path / "a.json", "{}")).reason
    assert reason == "it lacks schema: docs/latency_import.md lists what a result needs"


def test_a_precision_that_the_bundle_leaves_open_has_to_be_said(tmp_path):
    several = RESULT | {"manifest_sha256": bundle_at(tmp_path / "bundle", coreml=("fp16", "fp32"))}
    path = tmp_path / "a.json"
    assert "coreml in fp16 and fp32: say which" in refusal("app", written(path, json.dumps(several))).reason
    said = read_file("app", written(path, json.dumps(several | {"precision": "fp32"})))
    assert {one.conditions.precision for one in said} == {"fp32"}


def test_what_somebody_stopped_says_so(tmp_path, result):
    path = written(tmp_path / "a.json", json.dumps(result | {"stopped": True, "thermal": {}}))
    assert {(one.quality, one.note) for one in read_file("app", path)} == {(None, "stopped early")}


def test_a_failed_self_test_is_a_doubt(tmp_path, result):
    path = written(tmp_path / "a.json", json.dumps(result | {"selftest": {"pass": False}, "thermal": {}}))
    assert {(one.thermal, one.quality, one.note) for one in read_file("app", path)} == {
        (None, "suspect", "its self-test failed")
    }


@pytest.mark.parametrize(
    ("change", "line", "word"),
    [
        ({"schema": 2}, 2, "schema"),
        ({"manifest_sha256": "short"}, 9, "manifest_sha256"),
        ({"graphs": {"step": {"p50": -1}}}, 17, "graphs.step.p50"),
        ({"graphs": {"step": {"p50": "41"}}}, 17, "graphs.step.p50"),
        ({"graphs": {}}, 15, "graphs"),
        ({"device": {"os": "iOS"}}, 3, "device.model"),
        ({"device": {"os": "Android 14", "model": "手机", "browser": "Chrome 140"}}, 5, "has no letter from a to z"),
        ({"backend": "ncnn"}, 10, "backend"),
        ({"thermal": {"end": "hot"}}, 29, "thermal.end"),
        ({"started_at": "2025-11-01T10:00:00"}, 36, "timezone"),
        ({"started_at": "2199-01-01T00:00:00Z"}, 36, "started_at: it has not come yet"),
        ({"device": {"model": "Pixel 8"}}, 8, "Pixel 8 does not run coreml"),
        ({"graphs": {"step": {"p50": 2.0, "p90": 1.0}}}, 16, "Percentiles rise"),
        ({"graphs": {"Encode image": {"p50": 2.0}}}, 16, "the bundle has no graph 'Encode image'"),
        ({"backend": "tflite"}, 10, "the bundle has nothing in tflite"),
        ({"backend": "tflite", "precision": "fp32"}, 10, "the bundle has nothing in tflite"),
        ({"precision": "int8"}, 10, "the bundle has coreml in fp16, not in int8"),
    ],
)
def test_a_bad_result_is_refused_by_line(change, line, word, tmp_path, result):
    refused = refusal("app", written(tmp_path / "a.json", json.dumps(result | change, indent=1)))
    assert word in refused.reason
    assert refused.line == line, refused


def test_a_result_that_is_cut_short_is_refused_by_line(tmp_path):
    refused = refusal("app", written(tmp_path / "a.json", json.dumps(RESULT, indent=1)[:120]))
    assert "no JSON" in refused.reason
    assert refused.line
