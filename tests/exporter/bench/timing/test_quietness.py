"""A machine that had something else to do is found out."""

import os
import subprocess
import sys
from time import perf_counter, sleep

import pytest

from exporter.bench.timing.quietness import Quietness, watched


def test_others_at_work_make_it_busy():
    loop = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(loop) for _ in range(os.cpu_count() or 1)]
    try:
        sleep(0.1)
        with watched() as watch:
            end = perf_counter() + 0.4
            while perf_counter() < end:
                pass
    finally:
        for other in others:
            other.kill()
            other.wait()
    assert watch.seen.quality == "busy"


def test_waiting_for_anything_is_waiting():
    with watched() as watch:
        sleep(0.1)
    assert watch.seen.waiting > 0.9


@pytest.mark.parametrize(
    ("seen", "quality"),
    [
        (Quietness(0.01, 0.02, 0.01), "good"),
        (Quietness(0.01, None, 0.01), "good"),
        (Quietness(0.2, 0.02, 0.01), "busy"),
        (Quietness(0.01, 0.9, 0.01), "busy"),
        (Quietness(0.01, 0.02, 0.2), "drifting"),
        (Quietness(0.01, 0.02, -0.2), "drifting"),
        (Quietness(0.2, 0.02, 0.2), "busy"),
    ],
)
def test_what_was_seen_has_a_word(seen, quality):
    assert seen.quality == quality
