"""Kernel packs: whole or not at all, the same each time, and what they say of themselves is so."""

import hashlib
import json
import zipfile

import numpy as np
import pytest

from exporter import mil
from exporter.backends.tflite import BACKEND as TFLITE
from exporter.bench.packs.choice import used_kernels
from exporter.bench.packs.pack import PackError, PackRequest, make_pack
from exporter.bench.packs.readme import readme
from exporter.errors import VitexportError
from exporter.models.registry import model_info
from latency_db.estimator.question import completed
from latency_db.importers.reading import read_file
from latency_db.measurement import Conditions
from latency_db.packs import PackRefused, known_pack, read_pack
from latency_db.registered import shipped_index


@pytest.fixture(autouse=True)
def own_data(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def test_each_kernel_is_an_artefact_that_runs_and_is_as_the_manifest_says(tflite_pack, tmp_path):
    manifest = tflite_pack.manifest
    assert (manifest.runtime, manifest.target, manifest.unit, manifest.precision) == ("tflite", "pixel8", "cpu", "fp32")
    with zipfile.ZipFile(tflite_pack.path) as archive:
        assert set(archive.namelist()) == {"manifest.json", "README.txt", *(one.file for one in manifest.kernels)}
        for packed in manifest.kernels:
            content = archive.read(packed.file)
            assert hashlib.sha256(content).hexdigest() == packed.sha256
            (tmp_path / "kernel.tflite").write_bytes(content)
            runner = TFLITE.load(tmp_path / "kernel.tflite", threads=1)
            assert runner({one.name: np.ones(one.shape, np.float32) for one in packed.inputs})


def test_kernels_that_models_use_come_first_and_are_not_all_of_one_kind(tflite_pack):
    kernels = tflite_pack.manifest.kernels
    assert len({one.key.split()[0] for one in kernels}) > 1
    assert all(one.uses > 1 for one in kernels)


def test_a_pack_of_some_models_has_their_kernels_alone():
    index, nano = shipped_index(), model_info("efficienttam_nano")
    used = used_kernels(index, "tflite", "cpu", [nano.name])
    graphs = index.workload(nano.name, nano.image_size, "tflite", "cpu").graphs
    assert {one.kernel for one in used} == {kernel for kernels in graphs.values() for kernel in kernels}
    assert len(used) < len(used_kernels(index, "tflite", "cpu")) / 2


def test_a_model_that_there_is_not_has_no_pack(tmp_path):
    with pytest.raises(VitexportError, match="There is no model 'efficienttam_huge'"):
        make_pack(PackRequest(tmp_path / "kernels.zip", "browser", count=1, models=("efficienttam_huge",)))


@pytest.mark.parametrize(("unit", "runs"), [("cpu", True), ("gpu", False)])
def test_its_readme_names_the_web_app_where_that_runs_it(tflite_pack, unit, runs):
    text = readme(tflite_pack.manifest.model_copy(update={"unit": unit}), tflite_pack.sha256)
    assert ("vitexport serve app" in text) == runs


def test_a_pack_is_the_same_whenever_it_is_made_and_is_known_from_then_on(tflite_pack, tmp_path):
    again = make_pack(
        PackRequest(tmp_path / "again/p.zip", "pixel8", "tflite", count=len(tflite_pack.manifest.kernels))
    )
    assert again.path.read_bytes() == tflite_pack.path.read_bytes()
    found = known_pack(again.sha256, beside=tmp_path / "result.json")
    assert found is not None
    assert found.manifest == again.manifest == read_pack(again.path).manifest
    assert found.sha256 == again.sha256


def test_the_example_in_its_readme_is_imported(tflite_pack, tmp_path):
    with zipfile.ZipFile(tflite_pack.path) as archive:
        text = archive.read("README.txt").decode()
    example = text[text.index('{"schema"') : text.index("\n\nKeys are")]
    (tmp_path / "result.json").write_text(example)
    (tmp_path / "kernels.zip").write_bytes(tflite_pack.path.read_bytes())
    [row] = read_file("app", tmp_path / "result.json")
    assert (row.device.id, row.subject.key, row.latency.p50) == ("pixel8", tflite_pack.manifest.kernels[0].key, 1.25)
    assert json.loads(example)["pack_sha256"] == tflite_pack.sha256


def test_a_pack_is_for_the_unit_on_which_its_format_runs_unless_it_is_told(tmp_path):
    """So that what is timed of it answers what `vitexport latency` asks unless it is told, too."""
    made = make_pack(PackRequest(tmp_path / "kernels.zip", "iphone15", count=1))
    assert (made.manifest.runtime, made.manifest.unit, made.manifest.precision) == ("coreml", "all", "fp16")
    with zipfile.ZipFile(made.path) as archive:
        text = archive.read("README.txt").decode()
    assert "load it with the computeUnits .all" in text
    result = json.loads(text[text.index('{"schema"') : text.index("\n\nKeys are")])
    del result["compute_unit"]
    (tmp_path / "result.json").write_text(json.dumps(result | {"device": {"model": "iPhone 15"}}))
    [row] = read_file("app", tmp_path / "result.json")
    asked, _ = completed(Conditions("coreml", None, None), "iphone15", [row])
    assert (row.conditions.unit, row.conditions.precision) == (asked.unit, asked.precision)


def test_a_kernel_of_core_ml_takes_and_gives_single_precision_as_its_manifest_says(tmp_path):
    made = make_pack(PackRequest(tmp_path / "kernels.zip", "iphone15", count=1))
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(tmp_path)
    (packed,) = made.manifest.kernels
    program = mil.load(tmp_path / packed.file)
    assert program.half
    assert {one.type for one in (*program.inputs, *program.outputs)} == {"fp32"}
    assert {one.dtype for one in packed.inputs} == {"float32"}


def test_a_pack_that_was_not_finished_leaves_nothing(tmp_path):
    def interrupt(what, share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_pack(PackRequest(tmp_path / "new/kernels.zip", "pixel8", "tflite", count=1), interrupt)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"out": "kernels.tar"}, "kernels.zip"),
        ({"format": "coreai"}, "tflite, executorch, onnx, coreml"),
        (
            {"format": "coreml"},
            "Core ML runs on Apple systems only, not on Google Pixel 8: pass --format tflite or executorch or onnx",
        ),
        ({"count": 0}, "--count 0"),
        ({"count": 2001}, "--count 2001 is out of range: pass a number from 1 to 2000"),
        ({"unit": "all"}, "tflite does not choose where kernels run: pass --unit cpu, gpu or npu"),
        ({"target": "pixel88"}, "pixel8"),
    ],
)
def test_what_cannot_be_made_is_refused_before_the_work(tmp_path, change, word):
    asked = {"out": "kernels.zip", "target": "pixel8", "format": "tflite", "count": 1} | change
    with pytest.raises(VitexportError, match=word):
        make_pack(PackRequest(**asked | {"out": tmp_path / asked["out"]}))


def test_another_zip_is_no_pack_and_stays(tmp_path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("manifest.json", "{}")
    with pytest.raises(PackError, match=r"other.zip exists and is no kernel pack: move it away"):
        make_pack(PackRequest(tmp_path / "other.zip", "pixel8", "tflite", count=1))
    with pytest.raises(PackRefused, match="no kernel pack's manifest"):
        read_pack(tmp_path / "other.zip")
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(PackRefused, match="is no kernel pack"):
        read_pack(tmp_path / "text.zip")
