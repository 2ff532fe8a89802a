"""Where the database is: a URL, or a file in the user's data directory."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from latency_db.store.errors import StoreError
from latency_db.store.user_file import user_file

_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
"""Database as URLs name it -> the driver that is used for it"""


def location(url: str | None) -> URL:
    """The database that a URL names; without one the user's own, for which a folder is made.

    Raises `StoreError` for what is no URL of SQLite or PostgreSQL.
    """
    if url is None:
        file = user_file()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise StoreError(
                f"The latency database has no place in {file.parent} ({problem.strerror}): pass --db URL."
            ) from problem
        return URL.create(_DRIVERS["sqlite"], database=str(file))
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    driver = parsed and _DRIVERS.get(parsed.get_backend_name())
    if parsed is None or driver is None or not parsed.database or parsed.database == ":memory:":
        # The text is not repeated: it may have a password.
        raise StoreError(
            "--db takes the URL of a database, sqlite:///FILE or postgresql://USER@HOST/NAME, and got something else."
        )
    return parsed.set(drivername=driver)


def beside(url: str | None) -> Path:
    """The folder for what goes with a database and is no row: that of its file; the user's own, if it has none."""
    named = location(url)
    if named.get_backend_name() != "sqlite":
        named = location(None)
    return Path(str(named.database)).parent
