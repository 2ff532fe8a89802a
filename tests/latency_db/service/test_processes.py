"""Several processes over a database answer as one, add up their figures, and lose nothing when one is killed."""

import json
import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tests.latency_db.service.results import CONTENT, result
from tests.latency_db.service.serving import SECONDS, served, token
from tests.postgres_server import DEBIAN, running_server
from tests.system_programs import require


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request, tmp_path_factory):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('several')}/latency.sqlite3"
        return
    with running_server(require("initdb", DEBIAN), "fsync=off") as server:
        with psycopg.connect(server.replace("/?", "/postgres?"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE latency")
        yield server.replace("/?", "/latency?")


@pytest.fixture(scope="module")
def several(url):
    """Two processes, with a token."""
    opens = token(url)
    with served(url, "--processes", "2") as running:
        assert running.ask("/v1/manifests", CONTENT, token=opens).status in (200, 201)
        yield running, opens


def test_what_one_was_posted_all_answer(several):
    running, opens = several
    latency = "/v1/latency?model=efficientformer_l1&device=pixel8&runtime=tflite"
    with ThreadPoolExecutor(8) as threads:
        for ms, middle in ((40.0, 40.0), (41.0, 40.0), (42.0, 41.0)):
            assert running.ask("/v1/measurements", result(ms), token=opens).status == 201
            answers = list(threads.map(lambda _: running.ask(latency).body, range(16)))
            assert len(set(answers)) == 1
            assert json.loads(answers[0])["ms"] == middle
        posted = list(
            threads.map(lambda _: running.ask("/v1/measurements", result(43.0), token=opens).status, range(8))
        )
    assert sorted(posted) == [200] * 7 + [201]
    assert len(running.ask("/v1/measurements?device=pixel8").json["rows"]) == 4


def test_what_was_posted_of_one_model_counts_for_another_in_all_at_once(several):
    """It tells with how many threads the runtime runs on the device."""
    running, opens = several

    def answers():
        path = "/v1/latency?model=mobilevit_xs&device=pixel7&runtime=tflite"
        with ThreadPoolExecutor(8) as threads:
            return set(threads.map(lambda _: running.ask(path).body, range(16)))

    (before,) = answers()
    running.ask("/v1/measurements", result(20.0, device={"model": "Pixel 7"}), token=opens)
    (after,) = answers()
    assert json.loads(after)["ms"] != json.loads(before)["ms"]


def test_figures_are_those_of_all_processes(several):
    running, _ = several
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: running.ask("/v1/models").status, range(40)))
    text = running.ask("/metrics").body.decode()
    counted = re.search(r'vitexport_requests_total\{method="GET",route="/v1/models",status="200"\} (\S+)', text)
    assert float(counted[1]) == 40


def test_a_process_that_is_killed_is_started_again(several):
    running, _ = several
    kind = running.ask("/healthz").json["database"]
    before = _children(running.process.pid)
    os.kill(before[-1], signal.SIGKILL)
    for _ in range(300):
        after = _children(running.process.pid)
        if len(after) == len(before) and after != before:
            break
        time.sleep(0.1)
    assert after != before
    assert running.ask("/healthz").json["database"] == kind
    assert "A process of the service ended (-9) and is started again" in running.log.read_text()


def test_none_is_left_when_the_one_that_started_them_is_killed(url):
    with served(url, "--processes", "2") as running:
        assert running.ask("/healthz").status == 200
        started = _children(running.process.pid)
        running.process.kill()
        for _ in range(300):
            left = [one for one in started if Path(f"/proc/{one}").exists()]
            if not left:
                break
            time.sleep(0.1)
        assert left == []


def _children(pid):
    """Of a process, those that answer."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def test_several_processes_leave_nothing_when_they_are_ended(url, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with served(url, "--processes", "2") as running:
        assert running.ask("/healthz").status == 200
        running.process.terminate()
        assert running.process.wait(timeout=SECONDS) == 128 + signal.SIGTERM
        assert list(tmp_path.iterdir()) == []
