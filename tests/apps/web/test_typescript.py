"""The app's own tests, which Node runs, as a part of this project's."""

import json
from importlib.metadata import version

from tests.apps.cases import missing
from tests.web_app import SOURCES


def test_the_app_is_of_this_version():
    assert json.loads((SOURCES / "package.json").read_text())["version"] == version("vitexport")


def test_the_tests_in_typescript_pass_and_none_is_skipped(web):
    assert len(web.report) > 200
    assert [name for name, passed in web.report.items() if not passed] == []


def test_among_them_is_every_case_of_the_contract(web):
    assert missing("web", web.report) == []
