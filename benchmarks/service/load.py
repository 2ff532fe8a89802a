"""How long answers take at a fixed rate of questions, from a database of a fleet."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import numpy as np

from benchmarks.service.client import Asked, Figures
from benchmarks.service.databases import database
from benchmarks.service.filled import fill, phones
from benchmarks.service.page import section, table
from benchmarks.service.processes import cpu_seconds, most_mebibytes
from benchmarks.service.results import bundle, result
from device_profiles.schema import Device as Profile
from latency_db.registered import shipped_index
from tests.latency_db.service.serving import Served, served, token

TARGET_MS = 20
"""At the 99th percentile"""
PERCENTILES = (50, 90, 99, 99.9)
MIX = {"measurements": 40, "latency": 30, "published": 10, "pareto": 10, "catalogue": 5}
"""Of 95 questions; the others of a hundred are posts, unless another share is asked for"""
_FORMATS = (("tflite", "fp32"), ("coreml", "fp16"), ("executorch", "fp32"))
_PAGES = 5
"""That somebody reads on"""
_WARM_UP = "warm-up"
_TIMES_BEFORE = 3
"""That everything is asked before, for each process"""


class Questions:
    """Requests of a fleet's engineers and apps."""

    def __init__(self, host: str, key: str, devices: int, draw: random.Random, rows: int, posts: float) -> None:
        """`devices` are asked about, of those that were measured; so many percent are posts."""
        self._mix = {kind: share * (100 - posts) / sum(MIX.values()) for kind, share in MIX.items()} | {"post": posts}
        self._host, self._token, self._draw, self._rows = host, key, draw, rows
        self.devices = phones()[:devices]
        index = shipped_index()
        self.models = list(dict.fromkeys(name for name, _ in index.models))
        self._classifiers = [
            one for one in self.models if index.models[one, index.sizes(one)[0]].frame == ("classify",)
        ]
        self.manifests = {model: self._bundle(model) for model in self._classifiers}

    def drawn(self) -> tuple[str, bytes]:
        """A kind, as often as it is in the mix, and a request of it."""
        kind = self._draw.choices(list(self._mix), list(self._mix.values()))[0]
        return kind, getattr(self, f"_{kind}")()

    def _get(self, path: str, **query: object) -> bytes:
        target = f"{path}?{urlencode(query)}" if query else path
        return f"GET {target} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode()

    def _measurements(self) -> bytes:
        choose, draw = self._draw.choice, self._draw
        device = choose(self.devices)
        filters = {
            "device": device.id, "model": choose(self.models), "kind": choose(("kernel", "graph")),
            "runtime": choose(device.prefer.formats), "source": choose(("reported", "measured", "published")),
            "quality": choose(("good", "suspect")), "before": draw.randrange(self._rows // _PAGES, self._rows),
        }  # fmt: skip
        chosen = draw.sample(sorted(filters), draw.randrange(4))
        if "model" in chosen and "kind" in chosen:
            chosen.remove("kind")  # a model has no kernels of its own
        return self._get("/v1/measurements", **{name: filters[name] for name in chosen}, limit=choose((50, 50, 100)))

    def _latency(self) -> bytes:
        return self._get("/v1/latency", model=self._draw.choice(self.models), device=self._draw.choice(self.devices).id)

    def _published(self) -> bytes:
        return self._get("/v1/published", model=self._draw.choice(self.models))

    def _pareto(self) -> bytes:
        return self._get("/v1/pareto", device=self._draw.choice(self.devices).id)

    def _catalogue(self) -> bytes:
        return self._get(self._draw.choice(("/v1/devices", "/v1/models")))

    def _post(self) -> bytes:
        """A new result of a model on a phone."""
        body = self.result(self._draw.choice(self.devices), self._draw.choice(self._classifiers))
        head = (
            f"POST /v1/measurements HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {self._token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def result(self, device: Profile, model: str) -> bytes:
        """What an app has timed, no two alike."""
        ms = self._draw.lognormvariate(2, 0.1)
        backend, unit = ("coreml", "npu") if device.platform == "ios" else ("tflite", "cpu")
        times = {"classify": {"p50": ms, "p90": ms * 1.1, "mean": ms * 1.02}}
        return result(self.manifests[model], device.id, backend, unit, self._draw, graphs=times)

    @staticmethod
    def _bundle(model: str) -> bytes:
        index = shipped_index()
        usual = index.models[model, index.sizes(model)[0]].usual_size
        return bundle(model, usual, ["classify"], _FORMATS)


def load(
    rows: int, rate: float, posts: float, seconds: float, warm_up: float, devices: int, processes: int, postgres: bool,
    kept: Path | None, write: bool,
) -> None:  # fmt: skip
    """Print percentiles of what was asked after the warm-up."""
    with database(postgres, kept) as url:
        begun = time.perf_counter()
        fill(url, rows)
        print(f"{rows:,} rows after {time.perf_counter() - begun:.0f} s", file=sys.stderr)
        key = token(url, f"load {time.time_ns()}")
        with served(url, "--processes", str(processes)) as running:
            host = urlsplit(running.base).netloc
            questions = Questions(host, key, devices, random.Random(time.time_ns()), rows, posts)
            for manifest in questions.manifests.values():
                assert running.ask("/v1/manifests", manifest, token=key).status in (200, 201)
            cold = _first_answers(running, questions)
            _ask_everything(running, questions, key, _TIMES_BEFORE * processes)
            plan = _plan(questions, rate, seconds, warm_up)
            before = cpu_seconds(running.process.pid)
            figures = _asked(plan, host)
            used = cpu_seconds(running.process.pid) - before
            most = most_mebibytes(running.process.pid)
            assert "Traceback" not in running.log.read_text(), running.log.read_text()
    counted = [figure for figure in figures.answered if plan[figure[0]].kind != _WARM_UP]
    text = _text(plan, counted, figures)
    kind = "PostgreSQL" if postgres else "SQLite"
    text += f"""

{rate:g} requests/s for {seconds:g} s after {warm_up:g} s, over {rows:,} rows in {kind}, processes: {processes};
{devices} devices are asked about. In {figures.seconds:.1f} s the service took {used:.1f} s of CPU time and the client
{figures.cpu_seconds:.1f} s, over {figures.connections} connections; the client was {figures.late * 1e3:.1f} ms late at
most. Before, the first answer of a device took {cold:.2f} s at most, and everything was asked for until it was known.
The service had {most:.0f} MiB at most."""
    section(f"Load, {kind}, {f'{posts:g} % posts' if posts else 'questions alone'}", text, write)


def _first_answers(running: Served, questions: Questions) -> float:
    """The longest that a device's first answer takes, for which its rows are read."""
    longest = 0.0
    for device in questions.devices:
        begun = time.perf_counter()
        answer = running.ask(f"/v1/latency?model=efficientformer_l1&device={device.id}")
        assert answer.status in (200, 422), answer.body
        longest = max(longest, time.perf_counter() - begun)
    return longest


def _ask_everything(running: Served, questions: Questions, key: str, times: int) -> None:
    """So often that each process has made the estimates that it will be asked for, which it does once."""
    asked = [
        asked
        for device in questions.devices
        for model in questions.models
        for asked in (
            (f"/v1/latency?model={model}&device={device.id}", None),
            *((("/v1/measurements/check", questions.result(device, model)),) if model in questions.manifests else ()),
        )
    ]
    asked += [(f"/v1/pareto?device={device.id}", None) for device in questions.devices]
    with ThreadPoolExecutor(4) as threads:
        done = threads.map(lambda one: running.ask(*one, token=key).status, asked * times)
        assert set(done) <= {200, 422}


def _plan(questions: Questions, rate: float, seconds: float, warm_up: float) -> list[Asked]:
    plan = []
    for number in range(round(rate * (warm_up + seconds))):
        kind, request = questions.drawn()
        at = number / rate
        plan.append(Asked(at, kind if at >= warm_up else _WARM_UP, request))
    return plan


def _asked(plan: list[Asked], host: str) -> Figures:
    name, _, port = host.rpartition(":")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.service.client", name, port],
        input=pickle.dumps(plan), stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return pickle.loads(done.stdout)


def _text(plan: list[Asked], counted: list[tuple[int, int, float]], figures: Figures) -> str:
    times, statuses = defaultdict[str, list[float]](list), Counter[int]()
    for number, status, took in counted:
        statuses[status] += 1
        for kind in ("all", plan[number].kind):
            times[kind].append(1e3 * took)
    rows = [
        (kind, len(times[kind]), *(f"{value:.1f}" for value in np.percentile(times[kind], PERCENTILES)))
        for kind in ("all", *MIX, "post")
        if times[kind]
    ]
    for number, answer in figures.wrong.items():
        head, _, body = answer.partition(b"\r\n\r\n")
        print(plan[number].request[:300], head[:40], body[:300], sep="\n", file=sys.stderr)
    told = ", ".join(f"{count} of status {status or 'none'}" for status, count in sorted(statuses.items()))
    p99 = np.percentile(times["all"], 99)
    return (
        table(("asked", "times", *(f"p{one:g} ms" for one in PERCENTILES)), rows)
        + f"\n\nAnswers: {told}; {figures.unanswered} without one. The 99th percentile is "
        + f"to be {TARGET_MS} ms or less: it is {'' if p99 <= TARGET_MS else 'not, '}{p99:.1f} ms."
    )
