"""The web app in Chromium, served by `vitexport serve app` with the trained tracker.

A test takes `page`, which has opened the app in a context of its own, or opens one for its whole file:

    @pytest.fixture(scope="module")
    def page(browser, served):
        with watched_page(browser) as page:
            page.goto(served.urls[0])
            yield page

Pages fail for every error in their console. A film for the camera goes through `chromium(*camera_of(film))`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from exporter.bundle import Bundle
from tests.apps.web.altered_site import Site, altered_site
from tests.browsers import FAKE_CAMERA, chromium, watched_page
from tests.web_app import Served, built_engine_page, serving


@pytest.fixture(scope="session")
def served(app: Path, trained_bundle: Bundle) -> Iterator[Served]:
    """The app with that bundle, over HTTP on this machine."""
    with serving("--bundle", trained_bundle.path) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """With a camera that shows a test picture."""
    with chromium(*FAKE_CAMERA) as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """The app, opened."""
    with watched_page(browser) as page:
        page.goto(served.urls[0])
        yield page


@pytest.fixture(scope="module")
def site(shared: Path, trained_bundle: Bundle) -> Iterator[Site]:
    """A page with the app's engine and without the app, and the bundle, which a test may alter."""
    with altered_site({"page": built_engine_page(shared), "nano": trained_bundle.path}) as site:
        yield site


@pytest.fixture(scope="module")
def engine_page(browser: Browser, site: Site) -> Iterator[Page]:
    """That page, opened; a file that a test takes away is no error of it."""
    with watched_page(browser, expected=["Failed to load resource"]) as page:
        page.goto(f"{site.url}/page/index.html")
        yield page
