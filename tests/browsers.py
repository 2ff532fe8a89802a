"""Debian's Chromium, driven by Playwright, and pages of it that may report no error."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

from tests.system_programs import require

OFFLINE = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")
"""Without these, Chromium looks for its updates and services at every start."""

FAKE_CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
"""A camera that shows a test picture, and a user who allows it"""

NOT_ISOLATED = "The Cross-Origin-Opener-Policy header has been ignored, because the URL's origin was untrustworthy"
"""What Chromium remarks, as an error, of every page that comes over plain HTTP from elsewhere than localhost"""


def camera_of(film: Path) -> tuple[str, ...]:
    """A camera that shows a film, `.y4m` or `.mjpeg`, over and over."""
    return (*FAKE_CAMERA, f"--use-file-for-fake-video-capture={film}")


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """A browser. While it is open no other event loop can run in this thread: keep it for a file of tests at most."""
    program = require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", *OFFLINE, *flags])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched_page(browser: Browser, expected: Collection[str] = (), **options) -> Iterator[Page]:
    """An empty page in a context of its own, with Playwright's `options` for one.

    Fails at the end for errors that the page or its workers reported, but for those that have an `expected` text in
    them.
    """
    reported = list[str]()

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(NOT_ISOLATED):
            reported.append(f"{message.text} ({message.location['url']})")

    def fail(error: Error) -> None:
        reported.append(str(error))

    context = browser.new_context(**options)
    page = context.new_page()
    page.on("console", hear)
    page.on("pageerror", fail)
    try:
        yield page
    finally:
        context.close()
    if errors := [error for error in reported if not any(text in error for text in expected)]:
        raise AssertionError("\n".join(errors))
