"""`vitexport latency import`: latencies that a user has go into the database, and into the answers."""

import json
from pathlib import Path

import pytest

from exporter.contents import MANIFEST, digest
from latency_db import store
from tests.exporter.cli.command_line import assert_one_sentence, run
from tests.latency_db.bundles import bundle_at

PAGE = (Path(__file__).parents[3] / "docs/latency_import.md").read_text()
APP = {"schema": 1, "device": {"model": "iPhone 15", "os": "iOS 18.1"}, "n": 200}
HEADER = "subject,device,runtime,unit,precision,cores,p50_ms,n,reference,licence\n"
ROW = "mobilevit_s 256x256 classify,pixel8,executorch,cpu,fp32,{cores},38.5,50,my notebook,CC0-1.0\n"


@pytest.fixture(autouse=True)
def data(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / "notebook.csv"
    path.write_text(HEADER + ROW.format(cores="1large") + ROW.format(cores="4small"))
    return path


def test_rows_are_counted_by_device_runtime_and_source(notebook):
    done = run("latency", "import", str(notebook), "--json")
    assert json.loads(done.stdout) == [
        {"device": "pixel8", "runtime": "executorch", "source": "my notebook", "rows": 2, "known": 0}
    ]


def test_what_is_imported_again_is_not_added_again(notebook):
    assert "2 latencies were added." in run("latency", "import", str(notebook)).stdout
    with notebook.open("a") as file:
        file.write(ROW.format(cores="2med"))
    assert "1 latency was added; 2 known before." in run("latency", "import", str(notebook)).stdout
    with store.open() as opened:
        assert [record.measurement.conditions.cores for record in opened.measurements()] == ["1large", "4small", "2med"]


def test_an_apps_result_answers_for_the_model_of_the_bundle_that_is_named(two_precisions, tmp_path):
    result = APP | {"manifest_sha256": digest(two_precisions / MANIFEST), "backend": "onnx", "compute_unit": "cpu"}
    path = tmp_path / "result.json"
    path.write_text(json.dumps(result | {"threads": 4, "graphs": {"classify": {"p50": 12.5, "p90": 13.0}}}))
    assert_one_sentence(run("latency", "import", str(path)), "is not known here: pass its folder as --bundle")
    assert run("latency", "import", str(path), "--bundle", str(two_precisions)).returncode == 0
    asked = ("mobilevit_xxs", "--target", "iphone15", "--runtime", "onnx", "--size", "64", "--json")
    found = json.loads(run("latency", *asked).stdout)
    assert (found["ms"], found["method"], found["threads"]) == (12.5, "measured", 4)


def apps_result(tmp_path, **changed):
    path = tmp_path / "result.json"
    bundle = bundle_at(tmp_path / "bundle")
    ran = {"manifest_sha256": bundle, "backend": "coreml", "graphs": {"track_step": {"p50": 9.5}}}
    path.write_text(json.dumps(APP | ran | changed))
    return str(path)


def test_a_device_is_known_by_its_name_in_software(tmp_path):
    done = run("latency", "import", apps_result(tmp_path, device={"model": "iPhone16,1"}), "--json")
    assert json.loads(done.stdout)[0]["device"] == "iphone15_pro"


def test_of_a_device_that_nothing_asks_for_it_is_said(tmp_path):
    done = run("latency", "import", apps_result(tmp_path, device={"model": "SM-X999Z"}))
    assert "No target asks for sm_x999z, which no device of `vitexport devices` is called" in done.stdout
    assert "No target" not in run("latency", "import", apps_result(tmp_path)).stdout


def test_of_a_failed_self_test_it_is_said(tmp_path):
    done = run("latency", "import", apps_result(tmp_path, selftest={"pass": False}))
    assert "The self-test of what was timed had failed" in done.stdout


def test_the_example_of_a_csv_on_the_page_answers(tmp_path):
    path = tmp_path / "notebook.csv"
    path.write_text(PAGE.split("```csv\n")[1].split("```")[0])
    assert run("latency", "import", str(path)).returncode == 0
    asked = ("latency", "mobilevit_s", "--target", "pixel8", "--runtime", "tflite")
    found = json.loads(run(*asked, "--json").stdout)
    assert (found["ms"], found["method"]) == (38.1, "published")
    assert run(*asked).stdout.splitlines()[2].startswith("Published: my notebook; of no stated size")


def test_the_example_of_a_trackers_result_on_the_page_answers(tmp_path):
    path = tmp_path / "result.json"
    path.write_text(PAGE.split("```json\n")[1].split("```")[0].replace("…64 digits…", bundle_at(tmp_path / "bundle")))
    assert run("latency", "import", str(path)).returncode == 0
    found = json.loads(run("latency", "efficienttam_s", "--target", "iphone15", "--unit", "npu", "--json").stdout)
    assert (found["ms"], found["method"]) == (pytest.approx(41.2 + 30.1), "measured")


def test_what_the_ios_app_timed_under_core_ai_answers_for_that_alone(tmp_path):
    sha256 = bundle_at(tmp_path / "bundle", coreai=["fp32"])
    graphs = {"encode_image": {"p50": 20.0}, "track_step": {"p50": 10.0}}
    ran = {"manifest_sha256": sha256, "backend": "coreai", "compute_unit": "all", "precision": "fp32", "graphs": graphs}
    (tmp_path / "result.json").write_text(json.dumps(APP | {"backend_version": "Core AI of iOS 27.0"} | ran))
    asked = ("latency", "efficienttam_s", "--target", "iphone15", "--json")
    before = run(*asked).stdout
    assert_one_sentence(run(*asked, "--runtime", "coreai"), "nothing is known of coreai of iphone15 in fp32: ask for ")
    assert run("latency", "import", str(tmp_path / "result.json")).returncode == 0
    found = json.loads(run(*asked, "--runtime", "coreai").stdout)
    assert (found["ms"], found["method"], found["unit"]) == (pytest.approx(30.0), "measured", "all")
    assert run(*asked).stdout == before
    [row] = json.loads(run("advise", *asked[1:], "--fps", "30", "--size", "512", "--format", "coreai").stdout)["rows"]
    assert (row["format"], row["ms"], row["surely"]) == ("coreai", pytest.approx(30.0), True)
    [other] = json.loads(run("advise", *asked[1:], "--fps", "30", "--size", "256", "--format", "coreai").stdout)[
        "unknown"
    ]
    assert other.startswith("nothing is known of coreai of iphone15 in fp32")


def test_what_was_imported_answers_from_then_on(notebook):
    run("latency", "import", str(notebook))
    found = json.loads(run("latency", "mobilevit_s", "--target", "pixel8", "--cores", "1large", "--json").stdout)
    assert (found["ms"], found["method"]) == (38.5, "published")


def test_a_bad_file_is_refused_with_its_line_and_nothing_of_the_others_is_added(notebook, tmp_path):
    url = f"sqlite:///{tmp_path / 'mine.sqlite3'}"
    bad = tmp_path / "bad.csv"
    bad.write_text(notebook.read_text().replace("38.5", "-1", 1))
    assert_one_sentence(run("latency", "import", str(notebook), str(bad), "--db", url), "bad.csv, line 2")
    with store.open(url) as opened:
        assert list(opened.measurements()) == []


def test_a_file_whose_ending_says_nothing_needs_its_kind(notebook):
    unnamed = notebook.rename(notebook.with_suffix(".table"))
    assert_one_sentence(run("latency", "import", str(unnamed)), "pass --kind, one of")
    assert run("latency", "import", str(unnamed), "--kind", "csv").returncode == 0


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    assert_one_sentence(run("latency", "import", str(tmp_path / "none.csv")), "there is no such file")
