"""What is left when the service is killed while several programs post: all that was acknowledged, nothing in part."""

from __future__ import annotations

import hashlib
import random
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field

from benchmarks.service.databases import database
from benchmarks.service.page import section
from benchmarks.service.results import bundle, pack, result
from latency_db import store
from latency_db.registered import shipped_index
from tests.latency_db.service.serving import Served, served, token

_GRAPHS = ("encode_image", "track_step")
_KERNELS = 200
_DEVICES = ("pixel8", "galaxy_s24", "pixel6")
_FALLEN_BACK = 0.1
"""Share of results that contradict others, which are marked, so that a post has rows of others to change"""
_MOMENTS = (0.0, 1.5)
"""Seconds after the first acknowledged post, or none, at which it is killed"""


@dataclass
class _Posted:
    """What writers were told."""

    sent: dict[str, int] = field(default_factory=dict)
    """SHA-256 of a result that was sent -> how many rows it has"""
    acknowledged: dict[str, list[int]] = field(default_factory=dict)
    """SHA-256 -> ids of the rows, as the answer has them"""
    refused: list[bytes] = field(default_factory=list)


def kills(number: int, writers: int, postgres: bool, seed: int, write: bool) -> None:
    """Print how many posts were acknowledged, and every fault."""
    draw, faults, counts = random.Random(seed), list[str](), Counter[str]()
    with database(postgres) as url:
        key = token(url)
        index = shipped_index()
        kernels = [kernel for kernel in index.kernels if kernel.startswith("linear")][:_KERNELS]
        manifests = [bundle("efficienttam_s_512x512", 512, _GRAPHS, [("tflite", "fp32")]), pack(kernels)]
        for round in range(number):
            before = _newest(url)
            with served(url) as running:
                for manifest in manifests:
                    assert running.ask("/v1/manifests", manifest, token=key).status in (200, 201)
                posted = _killed(running, key, manifests, kernels, writers, draw)
            found = _faults(url, before, posted)
            faults += [f"round {round}: {fault}" for fault in found]
            counts["posts that were acknowledged"] += len(posted.acknowledged)
            counts["posts that were not"] += len(posted.sent) - len(posted.acknowledged)
        counts["rows at the end"] = _newest(url)
        if not postgres:
            faults += _damage(url)
    for fault in faults:
        print(fault)
    kind = "PostgreSQL" if postgres else "SQLite"
    section(
        f"Kills, {kind}",
        f"{number} times `kill -9` of the service on {kind}, at a random moment while {writers} programs post.\n\n"
        + "\n".join(f"* {what}: {count:,}" for what, count in counts.items())
        + f"\n* faults: {len(faults)}",
        write,
    )
    if faults:
        raise SystemExit(f"{len(faults)} faults")


def _newest(url: str) -> int:
    """Id of the newest row, which is how many there are."""
    with store.open(url) as opened:
        return max((row["id"] for row in opened.pages.newest(1)), default=0)


def _killed(
    running: Served, key: str, manifests: list[bytes], kernels: list[str], writers: int, draw: random.Random
) -> _Posted:
    posted = _Posted()
    threads = [
        threading.Thread(target=_post, args=(running, key, manifests, kernels, random.Random(draw.random()), posted))
        for _ in range(writers)
    ]
    for thread in threads:
        thread.start()
    while not posted.acknowledged and not posted.refused:
        time.sleep(0.01)
    time.sleep(draw.uniform(*_MOMENTS))
    running.process.kill()
    for thread in threads:
        thread.join()
    return posted


def _post(
    running: Served, key: str, manifests: list[bytes], kernels: list[str], draw: random.Random, posted: _Posted
) -> None:
    """Until nobody is there any more."""
    with suppress(OSError, ValueError):  # an answer may be cut off as well
        while True:
            body, rows = _result(manifests, kernels, draw)
            sha256 = hashlib.sha256(body).hexdigest()
            posted.sent[sha256] = rows
            answer = running.ask("/v1/measurements", body, token=key)
            if answer.status != 201:
                posted.refused.append(answer.body)
                return
            posted.acknowledged[sha256] = [row["id"] for row in answer.json["rows"]]


def _result(manifests: list[bytes], kernels: list[str], draw: random.Random) -> tuple[bytes, int]:
    """Of the bundle or the pack, and how many rows it has."""
    device, times = draw.choice(_DEVICES), 10.0 if draw.random() < _FALLEN_BACK else 1.0
    if draw.random() < 0.7:
        graphs = {name: {"p50": times * draw.lognormvariate(3, 0.1)} for name in _GRAPHS}
        return result(manifests[0], device, "tflite", "cpu", draw, graphs=graphs), len(graphs)
    chosen = {key: {"p50": times * draw.lognormvariate(0, 0.1)} for key in kernels[: draw.randrange(1, len(kernels))]}
    return result(manifests[1], device, "tflite", "cpu", draw, kernels=chosen), len(chosen)


def _faults(url: str, before: int, posted: _Posted) -> list[str]:
    """What is wrong with the rows that came after the one with this id."""
    faults = [f"refused: {answer[:300]!r}" for answer in posted.refused]
    with store.open(url) as opened:
        added = [record for record in opened.measurements(corrected=True) if record.id > before]
        ids = {record.id for record in added}
        own = [record for record in added if record.corrects is None]
        rows = Counter(record.measurement.source.reference.rpartition(", ")[2].removesuffix(".json") for record in own)
        for sha256, wanted in posted.sent.items():
            found, post = rows.pop(sha256[:12], 0), opened.posts.found(sha256)
            if sha256 in posted.acknowledged and post is None:
                faults.append(f"lost: {sha256}")
            if found not in (0, wanted) or bool(found) != (post is not None):
                faults.append(f"in part: {found} of {wanted} rows of {sha256}, whose post is {post is not None}")
            faults += [f"lost: row {id} of {sha256}" for id in posted.acknowledged.get(sha256, ()) if id not in ids]
    return faults + [f"of nobody: {count} rows of {name}" for name, count in rows.items()]


def _damage(url: str) -> list[str]:
    """Of a SQLite file."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    with closing(connection):
        found = [*connection.execute("PRAGMA integrity_check"), *connection.execute("PRAGMA foreign_key_check")]
    return [f"damaged: {one}" for one in found if one != ("ok",)]
