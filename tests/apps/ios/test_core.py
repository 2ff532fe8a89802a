"""`TrackerCore`, the core of the iOS app: its own tests, on the graphs of a bundle, and what it measured."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from exporter.bench.packs.pack import PackRequest, make_pack
from exporter.bundle import Bundle
from tests.apps.swift import require_swift, swift
from tests.exporter.cli.command_line import run
from tests.shared import made_once

APPS = Path(__file__).parents[3] / "apps"
MODEL = "efficienttam_nano"
KERNELS = 5


@dataclass(frozen=True)
class Ran:
    """What the package's tests came to."""

    tests: dict[str, str]
    """Function -> "passed", "failed" or "skipped" """
    folder: Path
    """With `benchmark.json`, `pack.json` and the pack"""
    output: str


@pytest.fixture(scope="session")
def bundle(shared: Path, trained_bundle: Bundle) -> Path:
    """The trained tracker in all formats whose tests there are; VITEXPORT_BUNDLE names one that is there already."""
    given = os.environ.get("VITEXPORT_BUNDLE")
    return Path(given) if given else trained_bundle.path


@pytest.fixture(scope="session")
def ran(shared: Path, bundle: Path) -> Ran:
    """The package, built and tested with the worker and a pack."""
    require_swift()

    def test(folder: Path) -> None:
        package, pack = folder / "TrackerCore", folder / "pack"
        shutil.copytree(APPS / "ios/TrackerCore", package, ignore=shutil.ignore_patterns(".build"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_DATA_HOME", str(folder / "data"))
            make_pack(PackRequest(folder / "pack.zip", "iphone15", "tflite", count=KERNELS, models=(MODEL,)))
        with zipfile.ZipFile(folder / "pack.zip") as archive:
            archive.extractall(pack)
        environment = {
            "VITEXPORT_BUNDLE": str(bundle),
            "VITEXPORT_PIPES": str(folder),
            "VITEXPORT_PACK": str(pack),
            "VITEXPORT_RESULTS": str(folder),
        }
        options = ["--package-path", package, "--xunit-output", folder / "tests.xml", "--disable-xctest"]
        with serving_pipes(bundle, folder):
            done = swift("test", *options, folders=[folder, bundle], environment=environment)
        (folder / "output").write_text(done.stdout + done.stderr)
        shutil.rmtree(package)

    folder = made_once(shared / "swift tests", test)
    output = (folder / "output").read_text()
    report = folder / "tests-swift-testing.xml"
    assert report.exists(), output
    return Ran({_function(case): _outcome(case) for case in ET.parse(report).iter("testcase")}, folder, output)


@contextmanager
def serving_pipes(bundle: Path, folder: Path) -> Iterator[None]:
    """The worker that runs the bundle's graphs, with its pipes in the folder."""
    worker = subprocess.Popen([sys.executable, APPS / "pipe_worker.py", bundle, folder], stderr=subprocess.DEVNULL)
    try:
        while not (folder / "replies").exists():
            assert worker.poll() is None, "the worker ended"
            time.sleep(0.05)
        yield
    finally:
        worker.kill()
        worker.wait()


def _function(case: ET.Element) -> str:
    return case.attrib["name"].removesuffix("()").lower()


def _outcome(case: ET.Element) -> str:
    return "failed" if case.find("failure") is not None else "skipped" if case.find("skipped") is not None else "passed"


def cases() -> list[str]:
    """What every app has to pass, and that for iOS alone."""
    entries = [entry for layer in json.loads((APPS / "cases.json").read_text()).values() for entry in layer]
    every = [{"case": entry} if isinstance(entry, str) else entry for entry in entries]
    return [entry["case"] for entry in every if "ios" in entry.get("apps", ["ios"])]


def test_all_pass_and_none_is_skipped(ran: Ran) -> None:
    assert ran.tests, ran.output
    assert {name: outcome for name, outcome in ran.tests.items() if outcome != "passed"} == {}, ran.output[-5000:]
    assert "warning:" not in ran.output


@pytest.mark.parametrize("case", cases())
def test_a_case_of_all_apps_is_among_them(ran: Ran, case: str) -> None:
    assert re.sub(r"[\W_]", "", case).lower() in ran.tests


def test_its_benchmark_is_imported_and_answers(ran: Ran, bundle: Path, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'latency.sqlite3'}"
    result = ran.folder / "benchmark.json"
    imported = run("latency", "import", str(result), "--bundle", str(bundle), "--db", database)
    assert imported.returncode == 0, imported.stderr
    said = json.loads(result.read_text())
    assert said["selftest"]["pass"]
    answered = run("latency", MODEL, "--target", "pipe", "--runtime", said["backend"], "--db", database, "--json")
    assert answered.returncode == 0, answered.stderr


def test_its_kernel_pack_is_imported(ran: Ran, tmp_path: Path) -> None:
    imported = run("latency", "import", str(ran.folder / "pack.json"), "--db", f"sqlite:///{tmp_path / 'l.sqlite3'}")
    assert imported.returncode == 0, imported.stderr
    assert str(KERNELS) in imported.stdout
