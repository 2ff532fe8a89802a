"""What the apps' own tests say of the trained tracker's bundle; those of an app are run once, for whoever asks."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from exporter.bundle import Bundle
from tests.apps.android.report import android_report
from tests.apps.cases import Report
from tests.apps.ios.report import ios_report
from tests.apps.web.report import web_report
from tests.shared import made_once


@dataclass(frozen=True)
class Tested:
    """An app whose tests were run."""

    report: Report
    folder: Path
    """In which they were run, with the results that they wrote"""


@pytest.fixture(scope="session")
def tested(shared: Path, trained_bundle: Bundle) -> Callable[[Callable[[Path, Path], Report]], Tested]:
    """By the function that runs its tests."""

    def tested(run: Callable[[Path, Path], Report]) -> Tested:
        def make(folder: Path) -> None:
            (folder / "report.json").write_text(json.dumps(run(trained_bundle.path, folder)))

        folder = made_once(shared / run.__name__, make)
        return Tested(json.loads((folder / "report.json").read_text()), folder)

    return tested


@pytest.fixture(scope="session")
def web(tested) -> Tested:
    return tested(web_report)


@pytest.fixture(scope="session")
def android(tested) -> Tested:
    return tested(android_report)


@pytest.fixture(scope="session")
def ios(tested) -> Tested:
    return tested(ios_report)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty one; nothing of the user's own is known."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return f"sqlite:///{tmp_path / 'latency.sqlite3'}"
