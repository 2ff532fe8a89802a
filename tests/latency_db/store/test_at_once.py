"""Over a file, who cannot wait is told so, and has to ask elsewhere; nothing is left half done."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from latency_db import store
from latency_db.store.errors import TakesLonger
from latency_db.store.posts import Judged
from tests.latency_db.samples import FULL

SECONDS = 30
MANY = 60_000
"""Rows that SQLite does not look through in a moment"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "latencies.sqlite3"


@pytest.fixture
def opened(file):
    with store.open(f"sqlite:///{file}") as opened:
        opened.tokens.add("tests")
        yield opened


def as_they_are(rows, neighbours):
    return Judged(rows, {})


def test_a_post_at_once_waits_for_no_writer(opened):
    at_once = opened.at_once()

    def meanwhile(rows, neighbours):
        with pytest.raises(TakesLonger):
            at_once.posts.add("1" * 64, "tests", [FULL], as_they_are)
        return Judged(rows, {})

    assert opened.posts.add("0" * 64, "tests", [FULL], meanwhile).added
    assert at_once.posts.add("1" * 64, "tests", [FULL], as_they_are).added
    assert len(list(opened.measurements())) == 2


def test_others_wait_for_a_writer_on_the_same_connections(opened):
    at_once, waiting = opened.at_once(), threading.Event()

    def post():
        with pytest.raises(TakesLonger):
            at_once.posts.add("1" * 64, "tests", [FULL], as_they_are)
        waiting.set()
        return opened.posts.add("2" * 64, "tests", [FULL], as_they_are)

    def slow(rows, neighbours):
        waited.append(thread.submit(post))
        assert waiting.wait(SECONDS)
        time.sleep(0.2)
        return Judged(rows, {})

    waited = []
    with ThreadPoolExecutor(1) as thread:
        opened.posts.add("0" * 64, "tests", [FULL], slow)
        assert waited[0].result(SECONDS).added


def test_a_page_at_once_looks_through_no_more_than_a_moment_allows(opened):
    opened.add(replace(FULL, note=str(number)) for number in range(MANY))
    at_once = opened.at_once()
    missing = {"kind": "model"}
    with pytest.raises(TakesLonger):
        at_once.pages.newest(1, **missing)
    assert opened.pages.newest(1, **missing) == []
    for _ in range(100):  # steps of one page do not count for the next
        assert at_once.pages.newest(50) == opened.pages.newest(50)
    with pytest.raises(TakesLonger):
        at_once.posts.add("0" * 64, "tests", [FULL], as_they_are)  # which has to look at all of its subject
    assert opened.posts.add("0" * 64, "tests", [FULL], as_they_are).added


def test_the_log_is_copied_into_the_file_by_whoever_has_the_time(opened, file):
    opened.copy_log()
    before = file.stat().st_size
    opened.add([FULL] * 30_000)  # of more pages than SQLite's log has by default
    assert file.stat().st_size == before
    opened.copy_log()
    assert file.stat().st_size > before
