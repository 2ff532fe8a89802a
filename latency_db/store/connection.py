"""Connections to both databases, such that what is committed stays, and that writers wait for each other."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import Any

from sqlalchemy import URL, Connection, Engine, Insert, Table, create_engine, event, insert, text
from sqlalchemy.exc import DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from latency_db.store.errors import StoreError, TakesLonger

PATIENCE_SECONDS = 60
"""How long a writer waits for others, of which each writes for seconds at most."""
_REACHED_SECONDS = 10
"""Within which a server answers"""
_RETRY_SECONDS = 0.01
_STEPS = 10_000
"""Of SQLite's machine, of which it does some 25 a microsecond"""
_MOST_STEPS = 50 * _STEPS
"""That are done at once"""
_LOG_PAGES = 10_000
"""Of 4 KiB, that SQLite's log may have before whoever commits copies them into the file"""
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
    event.listen(engine, "connect", _prepare if sqlite else _prepare_at_server)
    return engine


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    """Readers and a writer at the same time, and every commit on the disk before it counts.

    In a write-ahead log a commit outlives its process by itself. With `synchronous=FULL` it outlives a loss of power as
    well, as far as the disk keeps its word; macOS needs `fullfsync` for that. NORMAL would lose the last ones, though
    no more than those. PostgreSQL promises the same unless its `synchronous_commit` is off.
    """
    _write_ahead(connection)
    for pragma in ("synchronous=FULL", "fullfsync=ON", "foreign_keys=ON", f"wal_autocheckpoint={_LOG_PAGES}"):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_at_server(connection: Any, _: Any) -> None:
    """PostgreSQL compiles what it thinks takes long, which takes a third of a second, for pages that take milliseconds:
    it cannot tell that their fifty rows are found early."""
    connection.autocommit = True  # what is set in a transaction goes with it
    connection.execute("SET jit = off")
    connection.autocommit = False


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


def copy_log(engine: Engine) -> None:
    """Copy what was committed from SQLite's log into the file, as far as nobody reads what was there before; others
    read and write meanwhile. A commit after which this has to be done takes a tenth of a second."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")


def at_once(engine: Engine) -> Engine:
    """The same database for who cannot wait: over a file, `reading` and `writing` raise `TakesLonger` instead."""
    return engine.execution_options(at_once=True)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that only reads."""
    with engine.connect() as connection, within_a_moment(connection):
        yield connection


@contextmanager
def within_a_moment(connection: Connection) -> Iterator[None]:
    """Where a file is asked at once, `TakesLonger` is raised after so many steps of what is asked here."""
    if not _is_asked_at_once(connection):
        yield
        return
    driver: Any = connection.connection.driver_connection
    steps = count(_STEPS, _STEPS)
    driver.set_progress_handler(lambda: next(steps) > _MOST_STEPS, _STEPS)
    try:
        yield
    except DBAPIError as problem:
        if _has_code(problem.orig, sqlite3.SQLITE_INTERRUPT):
            raise TakesLonger from None
        raise
    finally:
        driver.set_progress_handler(None, 0)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction of the only writer; committed at the end, and rolled back by an exception.

    With one writer at a time, on either database, rows can be numbered as they come, and what is not there yet cannot
    come from anybody else meanwhile.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            _begin(connection)
        else:
            connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE_SECONDS}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        yield connection


def _begin(connection: Connection) -> None:
    """As the only writer of a file; sqlite3 begins no transaction before it inserts, nor for tables."""
    if not _is_asked_at_once(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except DBAPIError as problem:
        if _is_busy(problem.orig):
            raise TakesLonger from None
        raise
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {1000 * PATIENCE_SECONDS}")


def _is_asked_at_once(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite" and connection.get_execution_options().get("at_once", False)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, each with a value for every column; PostgreSQL takes a COPY in half the time of INSERTs."""
    if connection.dialect.name == "sqlite":
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            connection.execute(_insert(table), rows[start : start + _ROWS_AT_ONCE])
        return
    columns = [column.name for column in table.c]
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row[name] for name in columns])


@cache
def _insert(table: Table) -> Insert:
    return insert(table)


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
    return _has_code(problem, sqlite3.SQLITE_BUSY) or getattr(problem, "sqlstate", None) == _LOCK_NOT_AVAILABLE


def _has_code(problem: BaseException | None, code: int) -> bool:
    """An error of SQLite's, whose code has more bits, which say in what way."""
    return isinstance(problem, sqlite3.Error) and getattr(problem, "sqlite_errorcode", 0) & 0xFF == code
