"""The report in a real browser: its own policy must not stand in its way, and no part of it is out of sight."""

from pathlib import Path

import pytest

from tests.browsers import chromium, watched_page

WIDTHS = (1280, 1100, 930, 390)
"""px; 920 and less is a phone's"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(params=["classifier", "tracker"])
def report(request, bundles) -> Path:
    bundle = bundles["mobilevit"] if request.param == "classifier" else request.getfixturevalue("trained_bundle")
    return bundle.path / "report.html"


def test_the_report_renders_and_nothing_in_it_is_blocked(browser, report):
    with watched_page(browser) as page:  # fails for what the page's policy refuses
        page.goto(report.as_uri())
        assert len(page.screenshot()) > 30_000  # pictures, plots and tables; a blank page is a tenth of that


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_page_and_a_table_that_is_scrolls_in_its_box(browser, report, width):
    with watched_page(browser, viewport={"width": width, "height": 900}) as page:
        page.goto(report.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
