"""Files of latencies that users have, read whole or refused in a sentence that names the line."""

import json
import zipfile
from pathlib import Path

import pytest

from latency_db.importers.reading import READERS, read_file
from latency_db.importers.refusal import ImportRefused


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def refusal(kind: str, path: Path) -> ImportRefused:
    with pytest.raises(ImportRefused) as raised:
        read_file(kind, path)
    assert str(raised.value).count("\n") == 0
    assert str(path) in str(raised.value)
    return raised.value


@pytest.mark.parametrize("kind", READERS)
def test_a_file_that_is_not_there_is_refused(kind, tmp_path):
    assert "no such file" in refusal(kind, tmp_path / "absent").reason


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"nonsense\n1,2\n", b"{}"])
def test_what_is_no_such_file_is_refused(kind, content, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content)
    refusal(kind, path)


def test_a_kind_that_nothing_reads_is_refused_with_those_that_something_does(tmp_path):
    with pytest.raises(ValueError, match="name one of app, csv, mlperf, mobile-ml-benchmark, qai"):
        read_file("excel", tmp_path)


# The CSV that anybody can write

CSV = """subject,device,runtime,p50_ms,n,reference,licence
mobilevit_s,pixel8,tflite,38.1,50,my notebook,CC0-1.0
mobilevit_xs,pixel8,tflite,21.5,,my notebook,CC0-1.0
"""


def test_a_csv_is_read_by_its_header(tmp_path):
    first, second = read_file("csv", written(tmp_path / "a.csv", CSV))
    assert (first.subject, first.p50_ms, first.n, first.source_kind) == ("mobilevit_s", 38.1, 50, "published")
    assert (second.n, second.threads, second.unit) == (None, None, "")


def test_the_example_in_the_documentation_can_be_imported(tmp_path):
    page = (Path(__file__).parents[3] / "docs/latency_import.md").read_text()
    assert len(read_file("csv", written(tmp_path / "a.csv", page.split("```csv\n")[1].split("```")[0]))) == 1
    result = page.split("```json\n")[1].split("```")[0].replace("…64 digits…", "0" * 64)
    assert len(read_file("app", written(tmp_path / "a.json", result))) == 1


@pytest.mark.parametrize(
    ("wrong", "line", "word"),
    [
        (CSV.replace("p50_ms", "p50"), 1, "no column 'p50'"),
        (CSV.replace(",licence", "").replace(",CC0-1.0", ""), 1, "licence"),
        (CSV.replace("21.5", "fast"), 3, "no number"),
        (CSV.replace("21.5", "nan"), 3, "no number"),
        (CSV.replace("21.5", "-1"), 3, "positive"),
        (CSV.replace("21.5", ""), 3, "at least one of"),
        (CSV.replace("50,my", "5.5,my"), 2, "no whole number"),
        (CSV.replace("mobilevit_xs", ""), 3, "subject is empty"),
        (CSV + "one,two\n", 4, "cells of the header"),
    ],
)
def test_a_bad_csv_is_refused_by_line(wrong, line, word, tmp_path):
    refused = refusal("csv", written(tmp_path / "a.csv", wrong))
    assert (refused.line, word in refused.reason) == (line, True), refused


# Qualcomm's wheel

PERF = """precisions:
  float:
    components:
      Mobile-VIT:
        performance_metrics:
          Dragonwing Q-8750:
            tflite:
              inference_time_milliseconds: 2.239
              job_id: jone
              job_status: Passed
              primary_compute_unit: NPU
              tool_versions:
                qairt: 2.50.0
          Samsung Galaxy S25:
            qnn_dlc:
              inference_time_milliseconds: 2.233
              job_id: jtwo
              job_status: Passed
              primary_compute_unit: NPU
              tool_versions:
                qairt: 2.50.0
            tflite:
              inference_time_milliseconds: 2.239
              job_id: jone
              job_status: Passed
              primary_compute_unit: NPU
            onnx:
              job_id: jbad
              job_status: Failed
"""


def wheel(folder: Path, perf: str) -> Path:
    path = folder / "qai_hub_models-0.65.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("qai_hub_models/models/mobile_vit/perf.yaml", perf)
        archive.writestr("qai_hub_models/models/mobile_vit/model.py", "raise SystemExit")
    return path


def test_a_wheel_is_read_from_its_perf_files(tmp_path):
    found = read_file("qai", wheel(tmp_path, PERF))
    by_runtime = {(one.device, one.method): one for one in found}
    assert len(found) == len(by_runtime) == 3
    one = by_runtime["galaxy_s25", "Qualcomm AI Hub, qnn_dlc"]
    assert (one.subject, one.precision, one.runtime, one.unit) == ("mobile_vit/Mobile-VIT", "float", "qnn", "npu")
    assert (one.p50_ms, one.runtime_version, one.licence) == (2.233, "qairt=2.50.0", "BSD-3-Clause")
    assert one.reference == "qai_hub_models 0.65.0, mobile_vit, job jtwo"


def test_a_job_that_is_listed_for_two_devices_is_the_galaxys(tmp_path):
    qualities = {one.device: one.quality for one in read_file("qai", wheel(tmp_path, PERF)) if "jone" in one.reference}
    assert qualities == {"galaxy_s25": "", "Dragonwing Q-8750": "repeats another device's job (galaxy_s25)"}


@pytest.mark.parametrize(
    ("wrong", "line", "word"),
    [
        (PERF.replace("2.233", "quick"), 16, "'quick', no latency"),
        (PERF.replace("2.233", "0"), 16, "no latency"),
        (PERF.replace("  float:\n", "  float: [\n"), None, "no YAML"),
        (PERF.replace("            qnn_dlc:\n", "            qnn_dlc: none\n"), None, ""),
        ("models: []\n", 1, "'precisions'"),
        ("precisions: 3\n", 1, "mapping"),
    ],
)
def test_a_bad_perf_file_is_refused_by_name_and_line(wrong, line, word, tmp_path):
    refused = refusal("qai", wheel(tmp_path, wrong))
    assert "mobile_vit/perf.yaml" in str(refused)
    assert line in (None, refused.line), refused
    assert word in refused.reason


def test_a_wheel_without_perf_files_is_refused(tmp_path):
    path = tmp_path / "a.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other/__init__.py", "")
    assert "perf.yaml" in refusal("qai", path).reason


# mobile-ml-benchmark

WIDE = """model,FLOPS,size,pixel4|1large|float|mean,pixel4|1large|float|std,s10|1large2med|quant|mean,s10|gpu|float|mean
bagnet9,31865981928,62695276,908365.0,1460.0,196420.0,104048.0
dla46c,1149229800,5228780,64155.1,145.0,,11463.0
"""
OPERATORS = """model,operation,feature,pixel4|gpu|float,pixel4|gpu|kernel
bagnet9,CONV_2D,"{'Input_shape': '224', 'Filter': '64'}",320.4096,convolution_2d_0
"""
LONG = """source,license,model,device,runtime,compute_unit,cores,precision,latency_ms,std_ms
here,MIT,bagnet9,Google Pixel 4,TFLite 2.10,CPU,1med,float,1060.17,2.323
here,MIT,bagnet9,iPhone XS,PyTorch Mobile 2.0.0,GPU,,float,52.3,0.1
"""


def test_a_table_of_mobile_ml_benchmark_is_read_by_its_columns(tmp_path):
    found = read_file("mobile-ml-benchmark", written(tmp_path / "tflite_cnn_e2e.csv", WIDE))
    assert [
        (one.subject, one.device, one.unit, one.cores, one.threads, one.precision, one.mean_ms) for one in found
    ] == [
        ("bagnet9", "pixel4", "cpu", "1large", 1, "fp32", 908.365),
        ("bagnet9", "galaxy_s10", "cpu", "1large2med", 3, "int8", 196.42),
        ("bagnet9", "galaxy_s10", "gpu", "", None, "fp16", 104.048),
        ("dla46c", "pixel4", "cpu", "1large", 1, "fp32", pytest.approx(64.1551)),
        ("dla46c", "galaxy_s10", "gpu", "", None, "fp16", 11.463),
    ]
    assert {(one.runtime, one.runtime_version, one.licence) for one in found} == {("tflite", "2.10", "MIT")}
    assert found[0].std_ms == 1.46


def test_operators_of_mobile_ml_benchmark_are_kernels_in_its_words(tmp_path):
    (one,) = read_file("mobile-ml-benchmark", written(tmp_path / "tflite_cnn_ops_gpu.csv", OPERATORS))
    assert (one.subject_kind, one.mean_ms, one.unit) == ("kernel", pytest.approx(0.3204096), "gpu")
    assert one.subject == "CONV_2D {'Input_shape': '224', 'Filter': '64'}"


def test_a_measurement_a_line_is_read_too(tmp_path):
    pixel, iphone = read_file("mobile-ml-benchmark", written(tmp_path / "e2e.csv", LONG))
    assert (pixel.device, pixel.runtime, pixel.cores, pixel.mean_ms) == ("pixel4", "tflite", "1med", 1060.17)
    assert (iphone.device, iphone.runtime, iphone.runtime_version) == ("iphone_xs", "pytorch", "2.0.0")
    assert (iphone.unit, iphone.precision, iphone.threads) == ("gpu", "fp16", None)


@pytest.mark.parametrize(
    ("name", "text", "line", "word"),
    [
        ("cnn_e2e.csv", WIDE, None, "tflite_ nor torch_"),
        ("tflite_cnn_e2e.csv", WIDE.replace("pixel4", "nokia"), 1, "no phone"),
        ("tflite_cnn_e2e.csv", WIDE.replace("64155.1", "soon"), 3, "no number"),
        ("tflite_cnn_e2e.csv", WIDE.replace("64155.1", "0"), 3, "positive"),
        ("e2e.csv", LONG.replace("TFLite 2.10", "ncnn"), 2, "'ncnn'"),
    ],
)
def test_a_bad_table_of_mobile_ml_benchmark_is_refused(name, text, line, word, tmp_path):
    refused = refusal("mobile-ml-benchmark", written(tmp_path / name, text))
    assert (refused.line, word in refused.reason) == (line, True), refused


# MLPerf

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
    assert (one.device, one.subject, one.runtime) == ("SD8Elite", "image_classification_v2", "snpe")
    assert (one.p50_ms, one.p90_ms, one.p99_ms, one.mean_ms, one.n) == (0.760625, 0.783021, 0.889375, 0.756143, 79283)
    assert (one.quality, one.licence) == ("", "Apache-2.0")


def test_a_folder_gives_its_single_stream_performance_runs(tmp_path):
    written(tmp_path / PLACE, SUMMARY)
    written(tmp_path / PLACE.replace("-performance", "-accuracy"), SUMMARY.replace("PerformanceOnly", "AccuracyOnly"))
    dated = PLACE.replace("SD8Elite", "exynos2600/2025-11-16T15-50-55.588359")
    written(tmp_path / dated, SUMMARY.replace("VALID", "INVALID"))
    first, second = read_file("mlperf", tmp_path)
    assert (first.device, second.device) == ("SD8Elite", "exynos2600")
    assert (second.measured_at, second.quality) == ("2025-11-16", "MLPerf calls it INVALID")


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        (SUMMARY.replace("SingleStream", "Offline"), 5, "Offline"),
        (SUMMARY.replace("PerformanceOnly", "AccuracyOnly"), 6, "AccuracyOnly"),
        (SUMMARY.replace("760625", "-"), 13, "nanoseconds"),
    ],
)
def test_a_bad_summary_is_refused_by_line(text, line, word, tmp_path):
    refused = refusal("mlperf", written(tmp_path / PLACE, text))
    assert (refused.line, word in refused.reason) == (line, True), refused


def test_a_summary_outside_the_folders_that_say_what_it_is_of_is_refused(tmp_path):
    assert "results/SYSTEM/TASK" in refusal("mlperf", written(tmp_path / "mlperf_log_summary.txt", SUMMARY)).reason


# The apps

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
    "started_at": "2026-11-01T10:00:00Z",
}


def test_an_apps_result_is_a_measurement_for_each_graph(tmp_path):
    encode, step = read_file("app", written(tmp_path / "a.json", json.dumps(RESULT)))
    assert (encode.subject, encode.p50_ms, encode.p90_ms) == ("ab" * 32 + "/encode_image", 41.2, 44.0)
    assert (encode.device, encode.os, encode.unit, encode.n) == ("iphone15", "iOS 18.1", "npu", 200)
    assert (encode.thermal, encode.quality, encode.source_kind) == ("nominal to fair", "", "reported by an app")
    assert step.p90_ms is None


def test_a_failed_self_test_is_a_doubt(tmp_path):
    path = written(tmp_path / "a.json", json.dumps(RESULT | {"selftest": {"pass": False}}))
    assert {one.quality for one in read_file("app", path)} == {"self-test failed"}


@pytest.mark.parametrize(
    ("change", "line", "word"),
    [
        ({"schema": 2}, 2, "schema"),
        ({"manifest_sha256": "short"}, 9, "manifest_sha256"),
        ({"graphs": {"step": {"p50": -1}}}, 17, "graphs.step.p50"),
        ({"graphs": {"step": {"p50": "41"}}}, 17, "graphs.step.p50"),
        ({"graphs": {}}, 15, "graphs"),
        ({"device": {"os": "iOS"}}, 3, "device.model"),
    ],
)
def test_a_bad_result_is_refused_by_line(change, line, word, tmp_path):
    refused = refusal("app", written(tmp_path / "a.json", json.dumps(RESULT | change, indent=1)))
    assert word in refused.reason
    assert refused.line == line, refused


def test_a_result_that_is_cut_short_is_refused_by_line(tmp_path):
    refused = refusal("app", written(tmp_path / "a.json", json.dumps(RESULT, indent=1)[:120]))
    assert "no JSON" in refused.reason
    assert refused.line


# All of them


def test_nothing_of_a_file_is_handed_on_when_its_last_line_is_bad(tmp_path):
    kept = []
    with pytest.raises(ImportRefused):
        kept += read_file("csv", written(tmp_path / "a.csv", CSV + "x,pixel8,tflite,nan,,here,MIT\n"))
    assert not kept
