"""The core of the Android app: its own tests, on real graphs too, and what `vitexport latency` makes of its results."""

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from exporter.bench.packs.pack import PackRequest, make_pack
from exporter.bundle import Bundle
from tests.apps.kotlin import Kotlin, classes_of_tests, kotlin
from tests.apps.pipes import APPS, working
from tests.exporter.cli.command_line import run
from tests.shared import made_once

SOURCES = APPS / "android/core/src"
MODEL = "efficienttam_nano"
KERNELS = 10
DEVICE = "pixel8"
"""Whose the figures are taken for, in a database of the test's own: none but a known one is a target"""


@dataclass(frozen=True)
class Run:
    outcomes: dict[str, str]
    """Name of each test -> passed, failed or skipped"""
    said: str
    results: Path
    """benchmark.json and pack.json, and beside them what they are of"""


@pytest.fixture(scope="module")
def toolchain() -> Kotlin:
    return kotlin()


@pytest.fixture(scope="module")
def tested(toolchain: Kotlin, app_bundle: Bundle, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    jar = made_once(
        shared / "android core",
        lambda to: toolchain.compile([SOURCES / "main", SOURCES / "test"], to / "core.jar"),
    ).joinpath("core.jar")
    results = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(results / "data"))
        make_pack(PackRequest(results / "kernels.zip", "pixel8", "tflite", count=KERNELS, models=(MODEL,)))
    with working(app_bundle, tmp_path_factory.mktemp("pipes")) as pipes:
        done = toolchain.run(jar, "dev.vitexport.core.TestReportKt", *classes_of_tests(jar), env=os.environ | {
            "VITEXPORT_BUNDLE": str(app_bundle.path),
            "VITEXPORT_PIPES": str(pipes),
            "VITEXPORT_PACK": str(results / "kernels.zip"),
            "VITEXPORT_RESULTS": str(results),
        })  # fmt: skip
    lines = (line.split("\t") for line in done.stdout.splitlines() if "\t" in line and not line.startswith(" "))
    return Run({name: outcome for outcome, name in lines}, done.stdout + done.stderr, results)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty one; nothing of the user's own is known."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return f"sqlite:///{tmp_path / 'latency.sqlite3'}"


@pytest.fixture
def imported(tested: Run, app_bundle: Bundle, tmp_path: Path, database: str) -> Callable[[str], tuple[dict, dict]]:
    """Imports a result of this name as one of the device, and returns it with what the database answers then."""

    def store(name: str) -> tuple[dict, dict]:
        said = json.loads((tested.results / name).read_text())
        said["device"]["model"] = DEVICE
        (tmp_path / name).write_text(json.dumps(said))
        shutil.copy(tested.results / "kernels.zip", tmp_path)
        done = run("latency", "import", str(tmp_path / name), "--bundle", str(app_bundle.path), "--db", database)
        assert done.returncode == 0, done.stderr
        answer = run("latency", MODEL, "--target", DEVICE, "--runtime", "tflite", "--db", database, "--json")
        assert answer.returncode == 0, answer.stderr
        return said, json.loads(answer.stdout)

    return store


def test_the_tests_in_kotlin_pass(tested: Run) -> None:
    assert tested.outcomes, tested.said
    assert set(tested.outcomes.values()) == {"passed"}, tested.said


def test_every_case_of_an_app_is_among_them(tested: Run) -> None:
    cases = [case for cases in json.loads((APPS / "cases.json").read_text()).values() for case in cases]
    of_android = {
        case if isinstance(case, str) else case["case"]
        for case in cases
        if isinstance(case, str) or "android" in case["apps"]
    }
    assert of_android - tested.outcomes.keys() == set()


def test_a_benchmarks_result_answers_for_its_device(imported: Callable[[str], tuple[dict, dict]]) -> None:
    said, found = imported("benchmark.json")
    assert said["selftest"]["pass"]
    assert found["device"] == DEVICE
    assert found["ms"] == pytest.approx(sum(graph["p50"] for graph in said["graphs"].values()), rel=1e-3)


def test_a_packs_result_estimates_a_model_for_its_device(imported: Callable[[str], tuple[dict, dict]]) -> None:
    said, found = imported("pack.json")
    assert (len(said["kernels"]), said["failures"]) == (KERNELS, [])
    assert (found["device"], found["method"]) == (DEVICE, "transfer")
    assert re.match(r"\d+ kernels measured on it", found["reason"])
    assert 0 < found["low"] < found["ms"] < found["high"]
