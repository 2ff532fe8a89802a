"""`vitexport latency import`: latencies that a user has go into the database, and into the answers."""

import json

import pytest

from latency_db import store
from tests.exporter.cli.command_line import assert_one_sentence, run

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
        {"device": "pixel8", "runtime": "executorch", "source": "my notebook", "rows": 2}
    ]
    assert "2 latencies were added." in run("latency", "import", str(notebook)).stdout


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
