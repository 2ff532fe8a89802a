"""A database for a benchmark: one that is there, or a new one that goes with it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.postgres_server import DEBIAN, running_server


@contextmanager
def database(postgres: bool, kept: Path | None = None) -> Iterator[str]:
    """Its URL: SQLite, in the file that is kept if one is named, or PostgreSQL as `initdb` sets it up."""
    if postgres:
        initdb = next(path for folder in DEBIAN if (path := folder / "initdb").exists())
        with running_server(str(initdb)) as server:
            with psycopg.connect(server.replace("/?", "/postgres?"), autocommit=True) as connection:
                connection.execute("CREATE DATABASE latency")
            yield server.replace("/?", "/latency?")
        return
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{(kept or Path(folder) / 'latency.sqlite3').resolve()}"
