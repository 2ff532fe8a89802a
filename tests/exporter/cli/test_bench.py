"""`vitexport bench`: a bundle's artefacts and single kernels, timed here and stored."""

import json

import pytest

from latency_db import store
from latency_db.bundles import known_bundle, read_bundle
from tests.exporter.cli.command_line import assert_one_sentence, run


@pytest.fixture(autouse=True)
def data(monkeypatch, tmp_path):
    """The user's data directory."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def database(tmp_path):
    return f"sqlite:///{tmp_path}/latency.sqlite3"


def rows(url):
    with store.open(url) as opened:
        return [record.measurement for record in opened.measurements()]


def test_a_bundle_is_timed_and_stored(onnx_bundle, database, tmp_path):
    done = run("bench", str(onnx_bundle), "--threads", "1", "--seconds", "0.1", "--db", database, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (timed,) = json.loads(done.stdout)["artifacts"]
    (row,) = rows(database)
    assert (timed["format"], timed["graph"]) == (row.conditions.runtime, row.subject.key.split()[-1])
    assert timed["p50"] == row.latency.p50 > 0
    assert timed["p90"] == row.latency.p90
    assert timed["quality"] == row.quality is not None
    assert (row.device.id, row.conditions.threads, row.source.kind) == ("host", 1, "measured")
    sha256 = read_bundle(onnx_bundle).sha256
    assert known_bundle(sha256, tmp_path / "result.json").sha256 == sha256  # though it may be exported again


def test_what_does_not_run_here_is_refused(onnx_bundle, database):
    done = run("bench", str(onnx_bundle), "--format", "coreml", "--db", database)
    assert_one_sentence(done, "nothing in coreml that can be timed here")


@pytest.mark.parametrize("arguments", [["--kernels", "bundle"], []])
def test_either_a_bundle_or_kernels_are_timed(arguments):
    assert_one_sentence(run("bench", *arguments), "either a BUNDLE to time, or --kernels")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("bundle", "--minutes", "5"), "--minutes is for --kernels: leave it out with BUNDLE."),
        (("bundle", "--runtime", "onnx"), "--runtime is for --kernels"),
        (("bundle", "--cache", "cache"), "--cache is for --kernels"),
        (("--kernels", "--seconds", "1"), "--seconds is for BUNDLE: leave it out with --kernels."),
        (("--kernels", "--format", "onnx"), "--format is for BUNDLE, --pack, --adb"),
        (("--pack", "k.zip", "--target", "pixel8", "--threads", "2"), "--threads is for BUNDLE, --kernels, --adb"),
        (("--pack", "k.zip", "--target", "pixel8", "--seconds", "2"), "--seconds is for BUNDLE"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(arguments, complaint):
    assert_one_sentence(run("bench", *arguments), complaint)


def test_a_database_that_is_none_is_refused(onnx_bundle):
    assert_one_sentence(run("bench", str(onnx_bundle), "--db", "nonsense"), "takes the URL of a database")
