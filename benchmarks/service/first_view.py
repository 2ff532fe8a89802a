"""How long a user waits for the page: from navigation to the first view with its figures, in Chromium."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from playwright.sync_api import BrowserContext

from benchmarks.service.databases import database
from benchmarks.service.filled import fill
from benchmarks.service.page import section, table
from tests.browsers import chromium
from tests.latency_db.service.serving import served

TARGET_SECONDS = 1.0
_SHOWN = ".headline .big"
"""The first view's figure"""


def page(rows: int, times: int, kept: Path | None, write: bool) -> None:
    """Print the median and the longest, with an empty cache and with one that has the page."""
    cold, warm = list[float](), list[float]()
    with database(postgres=False, kept=kept) as url:
        fill(url, rows)
        with served(url) as running, chromium() as browser:
            for _ in range(times):
                context = browser.new_context()
                cold.append(_seconds(context, running.base))
                warm.append(_seconds(context, running.base))
                context.close()
    first, cold = cold[0], cold[1:]
    lines = [
        (name, len(seconds), f"{statistics.median(seconds):.2f}", f"{max(seconds):.2f}")
        for name, seconds in (("empty", cold), ("has the page", warm))
    ]
    section(
        "Page",
        "From navigation to the first view's figure in Chromium, "
        f"over {rows:,} rows; to be {TARGET_SECONDS:g} s or less.\n"
        f"The very first time, of a service that had just started, took {first:.2f} s.\n\n"
        + table(("cache", "times", "median s", "longest s"), lines),
        write,
    )


def _seconds(context: BrowserContext, base: str) -> float:
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(base, wait_until="commit")
    page.wait_for_selector(_SHOWN)
    took = time.perf_counter() - begun
    page.close()
    return took
