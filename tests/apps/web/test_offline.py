"""What the app keeps for when there is no network, with its service worker in control: nothing that was not right."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Browser, Page, expect

from exporter.bundle import Bundle
from exporter.contents import MANIFEST
from tests.apps.web.altered_site import Site, altered_site, send_head
from tests.apps.web.followed import LOADED
from tests.browsers import watched_page

BUNDLE = "app/bundles/nano"
GRAPH = "tflite/track_step.tflite"
TEN_GB = 10_000
"""In MB"""
KEPT = "async () => (await (await caches.open('bundles')).keys()).map(({ url }) => new URL(url).pathname)"


@pytest.fixture(scope="module")
def offering(app: Path, trained_bundle: Bundle) -> Iterator[Site]:
    """The app with that bundle, which a test may alter."""
    with altered_site({"app": app}) as site:
        files = [path for path in trained_bundle.path.rglob("*") if path.is_file()]
        inner = {f"{BUNDLE}/{path.relative_to(trained_bundle.path).as_posix()}": path.read_bytes() for path in files}
        offer(site, "nano")
        site.instead |= inner
        yield site


@pytest.fixture(scope="module")
def page(browser: Browser, offering: Site) -> Iterator[Page]:
    """One for all tests: the service worker stays, and what is kept."""
    with watched_page(browser) as page:
        yield page


def offer(site: Site, *names: str) -> None:
    bundles = [{"name": name, "url": f"bundles/{name}/"} for name in names]
    site.instead["app/bundles.json"] = json.dumps({"bundles": bundles, "packs": []}).encode()


def opened(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/app/")
    page.wait_for_function("navigator.serviceWorker.controller !== null")


def test_a_manifest_of_10_gb_is_refused_and_neither_kept_nor_read(page: Page, offering: Site) -> None:
    sent = [0]

    def endless(request: BaseHTTPRequestHandler) -> None:
        send_head(request, 200, {"Content-Type": "application/json"}, content=None)
        while sent[0] < TEN_GB:  # the browser hangs up first
            request.wfile.write(b" " * 1_000_000)
            sent[0] += 1

    right = offering.instead[f"{BUNDLE}/{MANIFEST}"]
    offering.instead[f"{BUNDLE}/{MANIFEST}"] = endless
    opened(page, offering)
    expect(page.get_by_role("alert").filter(has_text="manifest.json has more than")).to_be_visible(timeout=LOADED)
    page.wait_for_timeout(200)  # what goes on being sent would show
    assert sent[0] < TEN_GB / 20
    assert f"/{BUNDLE}/{MANIFEST}" not in page.evaluate(KEPT)
    offering.instead[f"{BUNDLE}/{MANIFEST}"] = right


def test_a_wrong_answer_is_not_kept_and_the_right_one_is(page: Page, offering: Site) -> None:
    right = offering.instead[f"{BUNDLE}/{GRAPH}"]
    offering.instead[f"{BUNDLE}/{GRAPH}"] = bytes(len(right))
    opened(page, offering)
    expect(page.get_by_role("alert").filter(has_text=f"{GRAPH} was altered")).to_be_visible(timeout=LOADED)
    offering.instead[f"{BUNDLE}/{GRAPH}"] = right
    opened(page, offering)
    expect(page.get_by_text("What should be followed?")).to_be_visible(timeout=LOADED)
    assert f"/{BUNDLE}/{GRAPH}" in page.evaluate(KEPT)


def test_a_network_that_does_not_answer_is_waited_for_no_longer_than_seconds(page: Page, offering: Site) -> None:
    over, listed = Event(), offering.instead["app/bundles.json"]
    offering.instead["app/bundles.json"] = lambda _: over.wait()
    opened(page, offering)
    expect(page.get_by_text("What should be followed?")).to_be_visible(timeout=LOADED)
    over.set()
    offering.instead["app/bundles.json"] = listed


def test_a_bundle_that_the_server_no_longer_has_is_no_longer_kept(page: Page, offering: Site) -> None:
    offer(offering)
    opened(page, offering)
    expect(page.get_by_role("heading", name="Open a bundle")).to_be_visible()
    assert page.evaluate(KEPT) == ["/app/bundles.json"]
