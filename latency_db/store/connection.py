"""Connections to both databases, such that what is committed stays, and that writers wait for each other."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, insert, text
from sqlalchemy.exc import DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from latency_db.store.errors import StoreError

PATIENCE_SECONDS = 60
"""How long a writer waits for others, of which each writes for seconds at most."""
_REACHED_SECONDS = 10
"""Within which a server answers"""
_RETRY_SECONDS = 0.01
_ROWS_AT_ONCE = 5_000
"""Rows that are made into one statement's parameters"""
_LOCK = int.from_bytes(b"latency")
"""PostgreSQL's advisory locks have numbers."""
_LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's code for a lock that nobody gave up in time"""


def engine_of(url: URL) -> Engine:
    """Connects when it is first used. Raises `StoreError` where the database's driver is not installed."""
    sqlite = url.get_backend_name() == "sqlite"
    try:
        engine = create_engine(
            url, connect_args={"timeout": PATIENCE_SECONDS} if sqlite else {"connect_timeout": _REACHED_SECONDS}
        )
    except (ModuleNotFoundError, NoSuchModuleError) as missing:
        raise StoreError("PostgreSQL needs psycopg: pip install 'vitexport[postgres]'.") from missing
    if sqlite:
        event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    """Readers and a writer at the same time, and every commit on the disk before it counts.

    In a write-ahead log a commit outlives its process by itself. With `synchronous=FULL` it outlives a loss of power as
    well, as far as the disk keeps its word; macOS needs `fullfsync` for that. NORMAL would lose the last ones, though
    no more than those. PostgreSQL promises the same unless its `synchronous_commit` is off.
    """
    _write_ahead(connection)
    for pragma in ("synchronous=FULL", "fullfsync=ON", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Two processes that make a database at once meet here, the one place where SQLite does not wait by itself."""
    patience_ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as problem:
            if not _is_busy(problem) or time.monotonic() > patience_ends:
                raise
            time.sleep(_RETRY_SECONDS)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction of the only writer; committed at the end, and rolled back by an exception.

    With one writer at a time, on either database, rows can be numbered as they come, and what is not there yet cannot
    come from anybody else meanwhile.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # sqlite3 begins none before it inserts, nor for tables
        else:
            connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE_SECONDS}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        yield connection


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, each with a value for every column; PostgreSQL takes a COPY in half the time of INSERTs."""
    if connection.dialect.name == "sqlite":
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            connection.execute(insert(table), rows[start : start + _ROWS_AT_ONCE])
        return
    columns = [column.name for column in table.c]
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row[name] for name in columns])


@contextmanager
def in_sentences(engine: Engine) -> Iterator[None]:
    """What a database reports, as a `StoreError`."""
    try:
        yield
    except PoolTimeout as problem:
        raise StoreError("The latency database is asked too much at once: try again later.") from problem
    except (DBAPIError, engine.dialect.loaded_dbapi.Error) as problem:
        cause = problem.orig if isinstance(problem, DBAPIError) else problem
        place = engine.url.render_as_string(hide_password=True)
        if _is_busy(cause):
            raise StoreError(
                f"The latency database {place} has been written to by others for {PATIENCE_SECONDS} s: try again later."
            ) from problem
        reason = next(iter(str(cause).strip().splitlines()), type(cause).__name__)
        raise StoreError(
            f"The latency database {place} cannot be used ({reason}): check that it is one and may be written to, "
            "or pass another as --db URL."
        ) from problem


def _is_busy(problem: BaseException | None) -> bool:
    if isinstance(problem, sqlite3.Error):
        return getattr(problem, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY  # the rest says in what way
    return getattr(problem, "sqlstate", None) == _LOCK_NOT_AVAILABLE
