"""Reports of the apps' own tests, each made once: on the bundle of the trained tracker."""

import json
from pathlib import Path

import pytest

from exporter.bundle import Bundle
from tests.apps.cases import Report
from tests.apps.web.report import web_report
from tests.shared import made_once


@pytest.fixture(scope="session")
def report_of_web(shared: Path, trained_bundle: Bundle) -> Report:
    def make(folder: Path) -> None:
        (folder / "report.json").write_text(json.dumps(web_report(trained_bundle.path, folder)))

    return json.loads((made_once(shared / "report of web", make) / "report.json").read_text())
