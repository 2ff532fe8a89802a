"""The service as one process, or as several that share a socket and a database."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import NoReturn

import uvicorn
from anyio import to_thread
from threadpoolctl import threadpool_limits

from device_profiles.vocabulary import Runtime
from latency_db.estimator.estimate import NoEstimate
from latency_db.estimator.estimator import estimate
from latency_db.measurement import Conditions
from latency_db.service.workloads import workload_of
from latency_db.store.errors import StoreError
from latency_db.store.store import Store

LOG = logging.getLogger("vitexport.service")
SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable of a folder through which several processes add up their figures"""
_GRACE = 5
"""Seconds that requests have left when the service is ended"""
_CONNECTIONS = 500
"""At once, of which each may have a body in memory; who comes then gets 503"""
_TURN = 0.0001
"""Seconds after which a thread that computes lets another one run: short answers do not wait for long ones."""
_THREADS = 4
"""For short answers, of which one is made at a time but while the database is asked; more would only wait for turns."""
_COPIES = 1
"""Seconds between copies of the database's log"""
_PAUSE = 1
"""Seconds before a process that ended is started again"""
_ASKED_FIRST: tuple[tuple[str, Runtime], ...] = (("pixel8", "tflite"), ("iphone15", "coreml"))
"""A device and a runtime of each kind of table"""


@dataclass(frozen=True)
class Settings:
    """What a process needs to know."""

    url: str | None
    """Of the database; the user's own without one"""
    names: Sequence[str]
    """Under which it may be asked; any without one"""


def serve(settings: Settings, listener: socket.socket, processes: int = 1) -> None:
    """Answer until SIGINT or SIGTERM, which are raised again then, or end it with their status; several processes end
    with this one.

    Raises `StoreError` for a database that cannot be used.
    """
    if processes == 1:
        _answer(settings, listener)
        return
    Store(settings.url).close()  # a database that is refused is refused once, here
    with tempfile.TemporaryDirectory() as shared:
        os.environ[SHARED] = shared
        _answer_by_several(settings, listener, processes)


def _answer(settings: Settings, listener: socket.socket) -> None:
    from latency_db.service.application import application  # after `SHARED` is known

    threadpool_limits(1, "blas")  # several threads take ten times as long for matrices as small as these
    sys.setswitchinterval(_TURN)
    store = Store(settings.url)
    threading.Thread(target=_warm, daemon=True).start()
    if store.kind == "sqlite":
        threading.Thread(target=_copy_log, args=(store,), daemon=True).start()
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()
    config = uvicorn.Config(
        application(store, settings.names),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",  # what is told of a connection that breaks off helps nobody
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=15,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE,
    )
    _Server(config).run(sockets=[listener])


class _Server(uvicorn.Server):
    """With its number of threads, which is told inside of the loop."""

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        to_thread.current_default_thread_limiter().total_tokens = _THREADS
        await super().serve(sockets)


def _answer_by_several(settings: Settings, listener: socket.socket, processes: int) -> None:
    """One that ends, as by a lack of memory, is started again."""
    context = multiprocessing.get_context("spawn")

    def started() -> SpawnProcess:
        process = context.Process(target=_answer, args=(settings, listener))
        process.start()
        return process

    signal.signal(signal.SIGTERM, _end)
    running = [started() for _ in range(processes)]
    try:
        while True:
            ended = set(wait([one.sentinel for one in running]))
            for one in running:
                if one.sentinel in ended:
                    one.join()
                    LOG.error("A process of the service ended (%s) and is started again", one.exitcode)
            time.sleep(_PAUSE)
            running = [started() if one.sentinel in ended else one for one in running]
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.join()


def _end(number: int, _: FrameType | None) -> NoReturn:
    """As a signal would, but for what has to be put away before."""
    raise SystemExit(128 + number)


def _end_after(parent: int) -> None:
    """End when the process that started this one was killed, or the port would stay in use."""
    wait([parent])
    os.kill(os.getpid(), signal.SIGTERM)


def _copy_log(store: Store) -> None:
    """So that no post has to wait until it is done."""
    while True:
        time.sleep(_COPIES)
        with suppress(StoreError):  # of which answers tell
            store.copy_log()


def _warm() -> None:
    """Read the shipped tables, which takes seconds, before somebody waits for them."""
    for device, runtime in _ASKED_FIRST:
        conditions = Conditions(runtime, None, None)
        with suppress(NoEstimate):
            estimate(workload_of("efficientformer_l1", 224, conditions), device, conditions)
    gc.collect()
    gc.freeze()  # what is never freed is not looked through again, which would stop everything for a tenth of a second
