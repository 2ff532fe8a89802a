"""What the latency database takes in a second, and what is left of it when its writers are killed.

    .venv/bin/python -m benchmarks.latency_store

Rows are added all at once, as an importer does, and one at a time, as a sweep does, to new databases on the default
temporary folder's disk: SQLite as we open it, PostgreSQL as `initdb` sets it up, both with every commit synced. They
are made before the clock starts. Then, in rounds of two writers on a new database each, one is killed within half a
second, in which it opens the database, and the other somewhere in its first batches; after each round the database
must be whole, with every row that a writer was told is there, and with no part of a batch.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

import click
import psycopg
from rich.progress import track

from benchmarks.page import machine
from latency_db import store
from latency_db.measurement import Device, Latency, Measurement, Subject
from tests.latency_db.samples import FULL, KEY
from tests.latency_db.store.writer import Writer, faults
from tests.postgres_server import DEBIAN, running_server

ROUNDS = 3
"""Of which each figure is the median"""
SINGLE_ROWS = 100
KERNELS, DEVICES = 2_000, 20
OPENING_SECONDS = 0.5
FIRST_BATCHES, BATCH_SECONDS = 6, 0.05

NewDatabase = Callable[[], str]
"""Returns the URL of one that nobody has opened."""


def rows(number: int) -> list[Measurement]:
    """A kernel table: many figures of few kernels on few devices."""
    subjects = [Subject("kernel", KEY.replace("x32x112", f"x{channels}x112")) for channels in range(1, KERNELS + 1)]
    devices = [Device(f"device_{place}") for place in range(DEVICES)]
    return [
        replace(
            FULL,
            device=devices[place % DEVICES],
            subject=subjects[place % KERNELS],
            latency=Latency(1.0 + place, 2.0 + place, 3.0 + place, 1.5 + place, 0.25, n=50, warmup=5),
        )
        for place in range(number)
    ]


@contextmanager
def new_databases() -> Iterator[dict[str, tuple[NewDatabase, Callable[[], float]]]]:
    """Kind -> what makes a new database, and the server's CPU seconds so far."""
    numbers = count()
    initdb = next(path for folder in DEBIAN if (path := folder / "initdb").exists())
    with tempfile.TemporaryDirectory() as folder, running_server(str(initdb)) as server:
        postmaster = int((Path(server.partition("host=")[2]) / "data/postmaster.pid").read_text().split()[0])

        def sqlite() -> str:
            return f"sqlite:///{folder}/{next(numbers)}.sqlite3"

        def postgres() -> str:
            name = f"latency_{next(numbers)}"
            with psycopg.connect(server.replace("/?", "/postgres?"), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            return server.replace("/?", f"/{name}?")

        def served() -> float:
            """Of the server's processes, those that have ended among them (Linux)."""
            ticks = 0
            for stat in Path("/proc").glob("[0-9]*/stat"):
                with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
                    process, (_, parent, *others) = stat.parent.name, stat.read_text().rpartition(")")[2].split()
                    if postmaster in (int(process), int(parent)):
                        own = others[9:11]
                        ended = others[11:13] if int(process) == postmaster else []
                        ticks += sum(map(int, own + ended))
            return ticks / os.sysconf("SC_CLK_TCK")

        yield {"SQLite": (sqlite, lambda: 0.0), "PostgreSQL": (postgres, served)}


def timed(work: Callable[[], object], served: Callable[[], float]) -> tuple[float, float, float]:
    """Seconds by the clock, of this process's CPU time, and of the server's."""
    before = time.perf_counter(), time.process_time(), served()
    work()
    after = time.perf_counter(), time.process_time(), served()
    wall, own, others = (end - begin for begin, end in zip(before, after, strict=True))
    return wall, own, others


def speed(kind: str, new: NewDatabase, served: Callable[[], float], added: list[Measurement]) -> str:
    """A row of the table."""

    def at_once() -> None:
        with store.open(url) as opened:
            opened.add(added)

    def one_by_one() -> None:
        with store.open(url) as opened:
            for one in added[:SINGLE_ROWS]:
                opened.add([one])

    def read() -> None:
        with store.open(url) as opened:
            assert sum(1 for _ in opened.measurements()) == len(added)

    figures = []
    for _ in range(ROUNDS):
        url = new()
        store.open(url).close()  # its tables are made before the clock starts
        bulk, reading = timed(at_once, served), timed(read, served)
        figures.append((*bulk, reading[0], timed(one_by_one, served)[0]))
    wall, own, others, reading_wall, single_wall = map(statistics.median, zip(*figures, strict=True))
    return (
        f"| {kind} | {len(added) / wall:,.0f} | {len(added) / (own + others):,.0f} | {wall:.2f} | {own:.2f} | "
        f"{others:.2f} | {SINGLE_ROWS / single_wall:,.0f} | {len(added) / reading_wall:,.0f} |"
    )


def killed(new: NewDatabase, moments: random.Random) -> tuple[int, list[str]]:
    """How many rows two writers were told are there before they were killed, and what is wrong."""
    url = new()
    writers = [Writer(url, f"writer {number}") for number in range(2)]
    for writer in writers:
        writer.let_go()
    acknowledged = writers[0].killed(0, moments.uniform(0.0, OPENING_SECONDS))
    batches, seconds = moments.randrange(FIRST_BATCHES), moments.uniform(0.0, BATCH_SECONDS)
    acknowledged |= writers[1].killed(batches, seconds)
    return len(acknowledged), faults(url, acknowledged)


@click.command()
@click.option("--rows", "number", default=100_000, show_default=True, help="How many to add at once; 0 adds none.")
@click.option("--kills", default=200, show_default=True, help="How many writers to kill on each database.")
@click.option("--seed", default=0, show_default=True)
def main(number: int, kills: int, seed: int) -> None:
    """Print rows a second, and every fault after a kill."""
    added, moments = rows(number), random.Random(seed)
    with new_databases() as databases:
        if added:
            click.echo(
                "| database | rows/s | rows/s of CPU | wall s | CPU s here | CPU s server | single adds/s | read/s |"
            )
            click.echo("|---|---|---|---|---|---|---|---|")
            for kind, (new, served) in databases.items():
                click.echo(speed(kind, new, served, added))
            click.echo(f"\n{machine()} Load of the machine meanwhile: {os.getloadavg()[0]:.1f}.\n")
        for kind, (new, _) in databases.items():
            told, problems = 0, list[str]()
            for _ in track(range(kills // 2), f"{kind}: two writers killed", transient=True):
                rows_told, found = killed(new, moments)
                told, problems = told + rows_told, problems + found
            for problem in problems:
                click.echo(f"{kind}: {problem}")
            click.echo(f"{kind}: {kills // 2 * 2} writers killed, {told:,} rows acknowledged, {len(problems)} faults")


if __name__ == "__main__":
    main()
