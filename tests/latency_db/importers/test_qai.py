"""Qualcomm's wheel is read from its perf.yaml files."""

import zipfile
from pathlib import Path

import pytest

from latency_db.importers.reading import read_file
from latency_db.measurement import Conditions, Latency, Source, Subject
from tests.latency_db.importers.files import refusal

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
    by_runtime = {(one.device.id, one.conditions.method): one for one in found}
    assert len(found) == len(by_runtime) == 3
    one = by_runtime["galaxy_s25", "Qualcomm AI Hub, qnn_dlc"]
    assert (one.subject, one.latency) == (Subject("model", "mobile_vit/Mobile-VIT"), Latency(figure=2.233))
    assert one.conditions == Conditions("qnn", "npu", None, "qairt=2.50.0", method="Qualcomm AI Hub, qnn_dlc")
    assert one.source == Source("published", "qai_hub_models 0.65.0, mobile_vit, job jtwo", "BSD-3-Clause")
    assert (one.quality, one.note) == (None, "precision: float")


@pytest.mark.parametrize(
    ("stated", "precision", "note"),
    [
        ("w8a8", "int8", "precision: w8a8"),
        ("w4a16", "w4a16", ""),
        ("w8a16_mixed_int16", "mixed", "precision: w8a16_mixed_int16"),
        ("float", None, "precision: float"),
    ],
)
def test_precisions_of_a_wheel_are_ours_and_its_own_words_stay(stated, precision, note, tmp_path):
    found = read_file("qai", wheel(tmp_path, PERF.replace("  float:\n", f"  {stated}:\n")))
    assert {(one.conditions.precision, one.note.rpartition("; ")[2]) for one in found if not one.quality} == {
        (precision, note)
    }


def test_a_job_that_is_listed_for_two_devices_is_the_galaxys(tmp_path):
    found = read_file("qai", wheel(tmp_path, PERF))
    assert {(one.device.id, one.quality, one.note) for one in found if "jone" in one.source.reference} == {
        ("galaxy_s25", None, "precision: float"),
        ("dragonwing_q_8750", "suspect", "repeats another device's job (galaxy_s25); precision: float"),
    }


def test_a_job_that_is_listed_for_two_galaxies_is_that_of_the_first(tmp_path):
    found = read_file("qai", wheel(tmp_path, PERF.replace("Dragonwing Q-8750", "Samsung Galaxy S24 Ultra")))
    assert {(one.device.id, one.quality) for one in found if "jone" in one.source.reference} == {
        ("galaxy_s24_ultra", None),
        ("galaxy_s25", "suspect"),
    }


@pytest.mark.parametrize(
    ("wrong", "line", "word"),
    [
        (PERF.replace("2.233", "quick"), 16, "'quick', no latency"),
        (PERF.replace("2.233", "0"), 16, "no latency"),
        (PERF.replace("  float:\n", "  float: [\n"), None, "no YAML"),
        (PERF.replace("            qnn_dlc:\n", "            qnn_dlc: none\n"), 16, "no YAML"),
        ("models: []\n", 1, "'precisions'"),
        ("precisions: 3\n", 1, "mapping"),
        ("precisions: {}\n? [a]\n: b\n", 1, "mapping"),
        ("precisions: \a\n", None, "no YAML"),
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


def test_a_wheel_that_is_damaged_is_refused(tmp_path):
    path = tmp_path / "a.whl"
    name = "qai_hub_models/models/mobile_vit/perf.yaml"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, PERF)
    whole = path.read_bytes()
    begin = whole.index(name.encode()) + len(name)
    path.write_bytes(whole[:begin] + b"\xff" * 8 + whole[begin + 8 :])
    assert "not a whole one" in refusal("qai", path).reason
